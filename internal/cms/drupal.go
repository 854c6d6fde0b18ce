package cms

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // G505: older releases of Drupal's module sign with HMAC-SHA1
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"reflect"
	"strings"
	"time"
)

// drupal is the module Webhooks (https://www.drupal.org/project/webhooks): event, user
// and the whole entity, signed like GitHub's; and the JSON that a rule of ECA posts, with
// Pressrun's own member names.
type drupal struct{}

func (drupal) Name() string  { return "drupal" }
func (drupal) Title() string { return "Drupal" }
func (drupal) Signed() bool  { return true }

func (drupal) Verify(d Delivery, secrets []string, _ time.Time) error {
	if d.Header.Get("X-Hub-Signature-256") == "" && d.Header.Get("X-Hub-Signature") != "" {
		return verifyHub(d, "X-Hub-Signature", "sha1=", sha1.New, secrets)
	}
	return verifyHub(d, "X-Hub-Signature-256", "sha256=", sha256.New, secrets)
}

// verifyHub checks a signature in the scheme of WebSub and GitHub: a prefix and the
// hexadecimal HMAC of the body.
func verifyHub(d Delivery, header, prefix string, h func() hash.Hash, secrets []string) error {
	text, err := one(d.Header, header)
	if err != nil {
		return err
	}
	digits, ok := strings.CutPrefix(text, prefix)
	signature, err := hex.DecodeString(digits)
	if !ok || err != nil || len(signature) == 0 {
		return notSigned("%s is not of the form %sSIGNATURE", header, prefix)
	}
	if !matches(signature, secrets, func(secret string) []byte { return mac(h, []byte(secret), d.Body) }) {
		return wrongSignature()
	}
	return nil
}

func signHub(d *Delivery, secret string) {
	d.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac(sha256.New, []byte(secret), d.Body)))
}

func (drupal) Sign(d *Delivery, secret string, _ time.Time) { signHub(d, secret) }

func (drupal) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(o.text("event"), drupalHeader(d, "Event"))
	entity := o.object("entity")
	if entity == nil { // a rule of ECA: flat, with Pressrun's names
		return drupalFlat(d, o, name)
	}
	e := Event{
		ID: drupalHeader(d, "Delivery"), Name: name, Action: actionIn(name),
		Type: entity.firstText("type.0.target_id", "bundle.0.target_id", "vid.0.target_id"), Entity: entity.firstText("nid.0.value", "id.0.value", "tid.0.value", "mid.0.value"),
		Title: entity.firstText("title.0.value", "name.0.value", "label"), URL: entity.text("path", "0", "alias"), Language: entity.text("langcode", "0", "value"),
		User: o.firstText("user.name.0.value", "user.name"), Status: entity.text("moderation_state", "0", "value"), Previous: o.firstText("original.moderation_state.0.value"),
		Fields: changedFields(entity, o.object("original")),
	}
	e.Moderated = e.Status != ""
	if e.Status == "" {
		e.Status = publishedWord(entity.text("status", "0", "value"))
	}
	if e.Previous == "" {
		e.Previous = publishedWord(o.text("original", "status", "0", "value"))
	}
	if e.Action == Updated || e.Action == Created {
		e.Action = drupalAction(e)
	}
	return []Event{e}, nil
}

// drupalHeader reads a header of the module, whose older releases use a longer prefix
// (https://github.com/sanduhrs/drupal-webhooks/blob/01cef644669f3bc8fd527fdfe670d3efd03c520d/src/Webhook.php).
func drupalHeader(d Delivery, name string) string {
	return cmp.Or(d.Header.Get("X-Drupal-"+name), d.Header.Get("X-Drupal-Webhooks-"+name))
}

func drupalFlat(d Delivery, o object, name string) ([]Event, error) {
	e := mapped(o)
	e.ID, e.Name = cmp.Or(drupalHeader(d, "Delivery"), o.text("uuid")), name
	if name == "" && e.Type == "" {
		return nil, badFormat("the body has neither an event with its entity, as the module Webhooks sends, nor a type: expected at least type and id")
	}
	if e.Action == "" {
		e.Action = actionIn(name)
	}
	return []Event{e}, nil
}

// publishedWord is Drupal's own status, true or false, in a word.
func publishedWord(status string) string {
	switch status {
	case "true", "1":
		return "published"
	case "false", "0":
		return "unpublished"
	}
	return ""
}

// drupalAction finds the action of a save by the states before and after it.
func drupalAction(e Event) Action {
	switch {
	case e.Status == "published" && e.Previous != "published" && (e.Previous != "" || e.Action == Created):
		return Published
	case e.Status == "archived" && e.Previous != "archived":
		return Archived
	case e.Previous == "published" && e.Status != "" && e.Status != "published":
		return Unpublished
	}
	return e.Action
}

// changedFields names the fields that differ between an entity and its original.
func changedFields(entity, original object) []string {
	if original == nil {
		return nil
	}
	var fields []string
	for _, name := range entity.keys() {
		if !strings.HasPrefix(name, "field_") && name != "title" && name != "body" {
			continue
		}
		if !reflect.DeepEqual(entity[name], original[name]) {
			fields = append(fields, name)
		}
	}
	return fields
}

func (drupal) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json", "X-Drupal-Event", "entity:node:update", "X-Drupal-Delivery", "sample"),
		Body: []byte(`{"event":"entity:node:update","user":{"name":[{"value":"ana"}]},"entity":{"nid":[{"value":42}],"type":[{"target_id":"page"}],"title":[{"value":"Opening hours"}],"status":[{"value":true}],"langcode":[{"value":"en"}],"path":[{"alias":"/opening-hours"}]}}`),
	}
}
