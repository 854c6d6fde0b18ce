package cms

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"time"
)

// ghost signs the body followed by the time, with nothing between
// (ghost/core/core/server/services/webhooks in https://github.com/TryGhost/Ghost). It
// waits 2 seconds for an answer, and an answer of 410 makes it delete the webhook. Its
// body does not always say what happened, so the hook's address may end with the event:
// .../SECRET/post.published.
type ghost struct{}

const ghostSignature = "X-Ghost-Signature"

func (ghost) Name() string  { return "ghost" }
func (ghost) Title() string { return "Ghost" }
func (ghost) Signed() bool  { return true }

func (ghost) Verify(d Delivery, secrets []string, now time.Time) error {
	text, err := one(d.Header, ghostSignature)
	if err != nil {
		return err
	}
	parts := pairs(text)
	at, err := instant(parts["t"], time.Millisecond)
	if err != nil {
		return err
	}
	signature, err := hex.DecodeString(parts["sha256"])
	if err != nil || len(signature) == 0 {
		return notSigned("%s is not of the form sha256=SIGNATURE, t=TIME", ghostSignature)
	}
	if !matches(signature, secrets, func(secret string) []byte { return ghostMAC(secret, parts["t"], d.Body) }) {
		return wrongSignature()
	}
	return recent(at, now)
}

func ghostMAC(secret, stamp string, body []byte) []byte {
	return mac(sha256.New, []byte(secret), body, []byte(stamp))
}

func (ghost) Sign(d *Delivery, secret string, now time.Time) {
	stamp := fmt.Sprint(now.UnixMilli())
	d.Header.Set(ghostSignature, "sha256="+hex.EncodeToString(ghostMAC(secret, stamp, d.Body))+", t="+stamp)
}

func (ghost) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	name := o.text("event")
	if name == "" {
		name = ghostEventInAddress(d)
	}
	e := Event{Name: name, Action: Changed, Type: "site"}
	if sent := d.Header.Get(ghostSignature); sent != "" {
		e.ID = hashID(sent, name)
	}
	if name != "" {
		e.Action = actionIn(name)
	}
	for _, kind := range []string{"post", "page", "tag", "member"} {
		if content := o.object(kind); content != nil {
			e.Type = kind
			e.content(content)
			break
		}
	}
	if e.Type == "site" || strings.HasPrefix(name, "site.") {
		e.Action = Changed
	}
	return []Event{e}, nil
}

// content reads a post's or page's "current" and "previous": the latter holds the
// fields that changed, as they were.
func (e *Event) content(o object) {
	current, previous := o.object("current"), o.object("previous")
	for _, side := range []object{current, previous} { // a deleted post has an empty current
		e.Entity, e.Title = cmp.Or(e.Entity, side.text("id")), cmp.Or(e.Title, side.firstText("title", "name"))
		e.URL = cmp.Or(e.URL, side.firstText("url", "slug"))
		e.User = cmp.Or(e.User, side.firstText("authors.0.name", "primary_author.name"))
	}
	e.Status, e.Previous, e.At = current.text("status"), previous.text("status"), current.time("updated_at")
	e.Fields = previous.keys()
	if e.Name == "" {
		e.Action = ghostActionOf(e.Status, e.Previous, len(current) == 0)
	}
}

// ghostActionOf finds the action by the states, where the event's name is missing.
func ghostActionOf(status, previous string, gone bool) Action {
	switch {
	case gone:
		return Deleted
	case status == "published" && previous != "" && previous != "published":
		return Published
	case status != "published" && previous == "published":
		return Unpublished
	case status == "scheduled":
		return Scheduled
	}
	return Updated
}

// ghostEventInAddress is the event's name if the hook's address ends with it.
func ghostEventInAddress(d Delivery) string {
	address, _, _ := strings.Cut(d.URI, "?")
	last := path.Base(address)
	kind, _, ok := strings.Cut(last, ".")
	if !ok {
		return ""
	}
	switch kind {
	case "post", "page", "site", "tag", "member":
		return last
	}
	return ""
}

func (ghost) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json", "Content-Version", "v5.130", "User-Agent", "Ghost/5.130 (https://github.com/TryGhost/Ghost)"),
		Body: []byte(`{"post":{"current":{"id":"6b02194e9777201fddcb6094","title":"Opening hours","slug":"opening-hours","status":"published","updated_at":"2026-11-28T12:00:00.000Z","authors":[{"name":"Ana Silva"}]},"previous":{"status":"draft"}}}`),
	}
}
