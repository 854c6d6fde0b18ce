package cms

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// sanity signs "TIME.BODY" and sends t=TIME,v1=SIGNATURE
// (https://github.com/sanity-io/webhook-toolkit). Any answer of 4xx but 429 makes
// it drop the delivery for good.
type sanity struct{}

const sanitySignature = "Sanity-Webhook-Signature"

func (sanity) Name() string  { return "sanity" }
func (sanity) Title() string { return "Sanity" }
func (sanity) Signed() bool  { return true }

func (sanity) Verify(d Delivery, secrets []string, now time.Time) error {
	text, err := one(d.Header, sanitySignature)
	if err != nil {
		return err
	}
	parts := pairs(text)
	at, err := instant(parts["t"], time.Millisecond)
	if err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts["v1"])
	if err != nil || len(signature) == 0 {
		return notSigned("%s is not of the form t=TIME,v1=SIGNATURE", sanitySignature)
	}
	if !matches(signature, secrets, func(secret string) []byte { return sanityMAC(secret, parts["t"], d.Body) }) {
		return wrongSignature()
	}
	return recent(at, now)
}

func sanityMAC(secret, stamp string, body []byte) []byte {
	return mac(sha256.New, []byte(secret), []byte(stamp+"."), body)
}

func (sanity) Sign(d *Delivery, secret string, now time.Time) {
	stamp := fmt.Sprint(now.UnixMilli())
	d.Header.Set(sanitySignature, "t="+stamp+",v1="+base64.RawURLEncoding.EncodeToString(sanityMAC(secret, stamp, d.Body)))
}

// Events reads the document that the hook's projection makes, or the whole document
// without one. A header says what happened to it.
func (sanity) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	operation := d.Header.Get("Sanity-Operation")
	e := Event{
		ID: d.Header.Get("Idempotency-Key"), Name: operation, Action: actionIn(operation),
		Type: o.firstText("_type", "type"), Entity: o.firstText("_id", "id"), Title: o.firstText("title", "name", "heading"),
		URL: o.firstText("url", "slug.current", "slug"), User: o.text("user"), Language: o.firstText("language", "__i18n_lang"),
		Environment: d.Header.Get("Sanity-Dataset"), At: o.time("_updatedAt"),
	}
	if e.Entity == "" {
		e.Entity = d.Header.Get("Sanity-Document-Id")
	}
	if stamp := d.Header.Get("Sanity-Transaction-Time"); e.At.IsZero() && stamp != "" {
		e.At, _ = time.Parse(time.RFC3339Nano, stamp)
	}
	return []Event{e}, nil
}

func (sanity) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json", "Sanity-Operation", "update", "Idempotency-Key", "sample", "Sanity-Dataset", "production"),
		Body: []byte(`{"_id":"opening-hours","_type":"page","title":"Opening hours","slug":{"current":"opening-hours"},"_updatedAt":"2026-11-28T12:00:00Z"}`),
	}
}
