package cms

import (
	"encoding/json"
	"time"
)

// prismic sends the secret inside the body (https://prismic.io/docs/webhooks). Only an
// answer of 200 is a success for it; it retries five times.
type prismic struct{}

func (prismic) Name() string  { return "prismic" }
func (prismic) Title() string { return "Prismic" }
func (prismic) Signed() bool  { return true }

func (prismic) Verify(d Delivery, secrets []string, _ time.Time) error {
	o, err := decode(d)
	if err != nil {
		return notSigned("the secret can't be read: %v", err)
	}
	sent := o.text("secret")
	if sent == "" {
		return notSigned("the body holds no secret: set it in Prismic's webhook")
	}
	if !matches([]byte(sent), secrets, func(secret string) []byte { return []byte(secret) }) {
		return wrongSignature()
	}
	return nil
}

func (prismic) Sign(d *Delivery, secret string, _ time.Time) {
	text, ok := addMember(d.Body, "secret", secret)
	if ok {
		d.Body = text
	}
}

func (prismic) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	kind := o.text("type")
	if kind == "" {
		return nil, badFormat("the body has no type: expected api-update or test-trigger")
	}
	e := Event{Name: kind, Action: Published, Type: "document", Environment: o.text("domain")}
	if kind == "test-trigger" {
		e.Action = Test
	}
	if ref := o.text("masterRef"); ref != "" {
		e.ID = hashID(kind, ref)
	}
	documents := o.list("documents")
	if len(documents) == 0 {
		return []Event{e}, nil
	}
	events := make([]Event, 0, len(documents))
	for _, document := range documents {
		each := e
		each.Entity = textOf(document)
		if e.ID != "" {
			each.ID = hashID(e.ID, each.Entity)
		}
		events = append(events, each)
	}
	return events, nil
}

func (prismic) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json"),
		Body: []byte(`{"type":"api-update","masterRef":"XyQ-sample","domain":"example","documents":["XyQ1BRAAACEAqSxy"]}`),
	}
}

// addMember sets a member of a JSON object.
func addMember(body []byte, name, value string) ([]byte, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil, false
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, false
	}
	members[name] = text
	out, err := json.Marshal(members)
	return out, err == nil
}
