package cms

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// standard is Standard Webhooks 1.0.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md),
// with the symmetric signature v1, and the asymmetric one v1a if the secret is an asymmetric
// key. The plugins for WordPress and Wagtail use it too, under names of their own.
type standard struct{ name, title string }

func (s standard) Name() string  { return s.name }
func (s standard) Title() string { return s.title }
func (standard) Signed() bool    { return true }

func (standard) Verify(d Delivery, secrets []string, now time.Time) error {
	id, err := one(d.Header, "webhook-id")
	if err != nil {
		return err
	}
	stamp, err := one(d.Header, "webhook-timestamp")
	if err != nil {
		return err
	}
	list, err := one(d.Header, "webhook-signature")
	if err != nil {
		return err
	}
	at, err := instant(stamp, time.Second)
	if err != nil {
		return err
	}
	found, known := false, false
	for item := range strings.FieldsSeq(list) {
		version, text, _ := strings.Cut(item, ",")
		signature, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		switch version {
		case "v1":
			known = true
			found = matches(signature, shared(secrets), func(secret string) []byte { return standardMAC(secret, id, stamp, d.Body) }) || found
		case "v1a":
			known = true
			found = standardVerify(signature, secrets, id, stamp, d.Body) || found
		}
	}
	switch {
	case !known:
		return notSigned("webhook-signature holds no signature of the form v1,BASE64 or v1a,BASE64: is this hook's dialect right?")
	case !found:
		return wrongSignature()
	}
	return recent(at, now)
}

// standardMAC signs id.timestamp.body. A secret is whsec_ and base64 of the key.
func standardMAC(secret, id, stamp string, body []byte) []byte {
	return mac(sha256.New, standardKey(secret), []byte(id+"."+stamp+"."), body)
}

// The prefixes of keys of the asymmetric scheme: the sender's public key, and the private
// one, with which it signs.
const (
	publicKey  = "whpk_"
	privateKey = "whsk_"
)

// shared are the secrets of the symmetric scheme. A public key must not count as one,
// since anybody could sign with it.
func shared(secrets []string) []string {
	return slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool {
		return strings.HasPrefix(secret, publicKey) || strings.HasPrefix(secret, privateKey)
	})
}

// standardVerify says whether the holder of one of the keys signed, by ed25519.
func standardVerify(signature []byte, secrets []string, id, stamp string, body []byte) bool {
	message := append([]byte(id+"."+stamp+"."), body...)
	for _, secret := range secrets {
		key, seed := standardEd25519(secret)
		if seed != nil {
			key, _ = seed.Public().(ed25519.PublicKey)
		}
		if key != nil && ed25519.Verify(key, message, signature) {
			return true
		}
	}
	return false
}

// standardEd25519 reads a secret as a public key, or as a private key of 32 bytes (its
// seed) or 64; nil if it is neither.
func standardEd25519(secret string) (ed25519.PublicKey, ed25519.PrivateKey) {
	text, public := strings.CutPrefix(secret, publicKey)
	text, private := strings.CutPrefix(text, privateKey)
	if public == private {
		return nil, nil
	}
	key, err := base64.StdEncoding.DecodeString(padded(text))
	switch {
	case err != nil:
	case public && len(key) == ed25519.PublicKeySize:
		return key, nil
	case private && len(key) == ed25519.SeedSize:
		return nil, ed25519.NewKeyFromSeed(key)
	case private && len(key) == ed25519.PrivateKeySize:
		return nil, ed25519.NewKeyFromSeed(key[:ed25519.SeedSize])
	}
	return nil, nil
}

// padded adds the padding to base64, which the specification's libraries do not require.
func padded(text string) string {
	text = strings.TrimRight(text, "=")
	return text + strings.Repeat("=", -len(text)&3)
}

// standardKey is the key of a secret: with or without whsec_, and with or without
// its padding.
func standardKey(secret string) []byte {
	text, ours := strings.CutPrefix(secret, "whsec_")
	if ours {
		text = padded(text)
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return []byte(secret) // any other text is itself the key
	}
	return key
}

func (standard) Sign(d *Delivery, secret string, now time.Time) {
	id, stamp := d.Header.Get("webhook-id"), strconv.FormatInt(now.Unix(), 10)
	d.Header.Set("webhook-timestamp", stamp)
	if _, key := standardEd25519(secret); key != nil {
		message := append([]byte(id+"."+stamp+"."), d.Body...)
		d.Header.Set("webhook-signature", "v1a,"+base64.StdEncoding.EncodeToString(ed25519.Sign(key, message)))
		return
	}
	d.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(standardMAC(secret, id, stamp, d.Body)))
}

func (standard) Events(d Delivery) ([]Event, error) {
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	name := o.text("type")
	if name == "" {
		return nil, badFormat("the body has no type: expected the event's name, such as page.published")
	}
	e := mapped(o.object("data"))
	e.ID, e.Name = d.Header.Get("webhook-id"), name
	if e.At = o.time("timestamp"); e.At.IsZero() {
		e.At = o.time("data", "at")
	}
	if e.Action == "" {
		e.Action = actionIn(name)
	}
	return []Event{e}, nil
}

func (s standard) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json", "webhook-id", "msg_sample"),
		Body: []byte(`{"type":"page.published","timestamp":"2026-11-28T12:00:00Z","data":{"type":"page","id":"42","title":"Opening hours","url":"/opening-hours/","user":"Ana Silva","status":"published","previous":"draft"}}`),
	}
}

// mapped reads an event with Pressrun's member names, which the plugins and guides use.
func mapped(o object) Event {
	e := Event{
		Action: action(o.text("action")), Type: o.text("type"), Entity: o.text("id"), Title: o.text("title"), URL: o.text("url"),
		User: o.text("user"), Language: o.text("language"), Status: o.text("status"), Previous: o.text("previous"),
		Environment: o.text("environment"), At: o.time("at"), NotBefore: o.time("not_before"), Withdrawn: o.text("withdrawn") == "true",
		Moderated: o.text("moderated") == "true",
	}
	for _, f := range o.list("fields") {
		if name := textOf(f); name != "" {
			e.Fields = append(e.Fields, name)
		}
	}
	return e
}

// action finds an action by its name, Pressrun's or another system's; "" for none.
func action(word string) Action {
	if word == "" {
		return ""
	}
	return actionIn(word)
}

// verbs are the words for actions in the names of events, longer ones before those that
// they contain: "unpublished" before "publish".
var verbs = []struct {
	in string
	is Action
}{
	{"unschedul", Updated},
	{"schedul", Scheduled},
	{"unpublish", Unpublished},
	{"published.edited", Updated},
	{"publish", Published},
	{"unarchive", Updated},
	{"archive", Archived},
	{"trash", Deleted},
	{"delete", Deleted},
	{"remove", Deleted},
	{"create", Created},
	{"added", Created},
	{"insert", Created},
	{"update", Updated},
	{"edited", Updated},
	{"save", Updated},
	{"test", Test},
	{"ping", Test},
}

// actionIn finds the action in an event's name; Changed if it has none.
func actionIn(name string) Action {
	name = strings.ToLower(name)
	for _, v := range verbs {
		if strings.Contains(name, v.in) {
			return v.is
		}
	}
	return Changed
}
