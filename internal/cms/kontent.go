package cms

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// kontent is Kontent.ai, which signs the body with HMAC-SHA256, in base64
// (https://kontent.ai/learn/docs/webhooks/webhooks#a-validate-received-notifications,
// https://github.com/kontent-ai/webhook-helper-js). The signature covers no time and no
// id: an old delivery can be replayed, which at most makes one more release.
type kontent struct{}

const (
	kontentSignature = "X-Kontent-Ai-Signature"
	// kontentOlder is the header of webhooks that were made before the product was
	// renamed.
	kontentOlder = "X-Kc-Signature"
)

func (kontent) Name() string  { return "kontent" }
func (kontent) Title() string { return "Kontent.ai" }
func (kontent) Signed() bool  { return true }

func (kontent) Verify(d Delivery, secrets []string, _ time.Time) error {
	name := kontentSignature
	if len(d.Header.Values(name)) == 0 && len(d.Header.Values(kontentOlder)) > 0 {
		name = kontentOlder
	}
	text, err := one(d.Header, name)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(signature) != sha256.Size {
		return notSigned("%s is not base64 of 32 bytes: is this hook's dialect right?", name)
	}
	if !matches(signature, secrets, func(secret string) []byte { return mac(sha256.New, []byte(secret), d.Body) }) {
		return wrongSignature()
	}
	return nil
}

func (kontent) Sign(d *Delivery, secret string, _ time.Time) {
	d.Header.Set(kontentSignature, base64.StdEncoding.EncodeToString(mac(sha256.New, []byte(secret), d.Body)))
}

func (kontent) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, n := range o.list("notifications") {
		m, _ := n.(map[string]any)
		if object(m).text("message", "action") != "" {
			events = append(events, kontentEvent(m))
		}
	}
	switch operation := o.text("message", "operation"); {
	case len(events) > 0:
		return events, nil
	case operation != "": // a legacy webhook, which has many items
		return []Event{{
			ID: o.text("message", "id"), Name: o.text("message", "type") + "." + operation, Action: actionIn(operation),
			Type: o.text("data", "items", "0", "type"), Entity: o.text("data", "items", "0", "id"), Title: o.text("data", "items", "0", "codename"),
			Language: o.text("data", "items", "0", "language"), Environment: o.text("message", "project_id"), At: o.time("message", "created_timestamp"),
		}}, nil
	}
	return nil, badFormat("the body has no notifications with a message.action: expected those of a webhook of Kontent.ai")
}

// kontentEvent reads one notification. Those about drafts have the slot "preview", which
// becomes part of the event's name.
func kontentEvent(n object) Event {
	kind, verb, system := n.text("message", "object_type"), n.text("message", "action"), n.object("data", "system")
	e := Event{
		Name: kind + "." + verb, Action: actionIn(verb), Type: system.text("type"), Entity: system.text("id"), Title: system.text("name"),
		Language: system.text("language"), Status: system.text("workflow_step"), Previous: n.text("message", "action_context", "previous_workflow_step"),
		Environment: n.text("message", "environment_id"), At: system.time("last_modified"),
	}
	if e.Type == "" {
		e.Type = kind
	}
	if slot := n.text("message", "delivery_slot"); slot != "" && slot != "published" {
		e.Name = slot + "." + e.Name
	}
	return e
}

func (kontent) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json"),
		Body: []byte(`{"notifications":[{"data":{"system":{"id":"42","name":"Opening hours","codename":"opening_hours","collection":"default","workflow":"default","workflow_step":"published","language":"en","type":"page","last_modified":"2026-11-28T12:00:00.0000000Z"}},"message":{"environment_id":"8d20758c-d74c-4f59-ae04-ee928c0816b7","object_type":"content_item","action":"published","delivery_slot":"published"}}]}`),
	}
}
