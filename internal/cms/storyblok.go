package cms

import (
	"crypto/sha1" //nolint:gosec // G505: the scheme is Storyblok's; HMAC-SHA1 is not broken by SHA-1's collisions
	"encoding/hex"
	"time"
)

// storyblok signs the body with HMAC-SHA1, in hexadecimal
// (https://www.storyblok.com/docs/concepts/webhooks). The signature covers no time: an
// old delivery can be replayed, which at most makes one more release.
type storyblok struct{}

const storyblokSignature = "Webhook-Signature"

func (storyblok) Name() string  { return "storyblok" }
func (storyblok) Title() string { return "Storyblok" }
func (storyblok) Signed() bool  { return true }

func (storyblok) Verify(d Delivery, secrets []string, _ time.Time) error {
	text, err := one(d.Header, storyblokSignature)
	if err != nil {
		return err
	}
	signature, err := hex.DecodeString(text)
	if err != nil || len(signature) != sha1.Size {
		return notSigned("%s is not 40 hexadecimal digits: is this hook's dialect right?", storyblokSignature)
	}
	if !matches(signature, secrets, func(secret string) []byte { return mac(sha1.New, []byte(secret), d.Body) }) {
		return wrongSignature()
	}
	return nil
}

func (storyblok) Sign(d *Delivery, secret string, _ time.Time) {
	d.Header.Set(storyblokSignature, hex.EncodeToString(mac(sha1.New, []byte(secret), d.Body)))
}

func (storyblok) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	action := o.text("action")
	if action == "" {
		return nil, badFormat("the body has no action: expected published, unpublished or another")
	}
	e := Event{
		Name: action, Action: actionIn(action), Type: "story", Entity: o.text("story_id"), URL: o.text("full_slug"),
		Title: o.text("text"), Environment: o.text("space_id"),
	}
	switch {
	case o.text("release_id") != "" && e.Entity == "":
		e.Type, e.Entity = "release", o.text("release_id")
	case o.text("asset_id") != "":
		e.Type, e.Entity = "asset", o.text("asset_id")
	}
	switch action {
	case "release_merged", "branch_deployed", "merged", "deployed":
		e.Action = Published
	}
	return []Event{e}, nil
}

func (storyblok) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json"),
		Body: []byte(`{"text":"The user ana@example.gov published the Story Opening hours (opening-hours)","action":"published","space_id":1,"story_id":42,"full_slug":"opening-hours"}`),
	}
}
