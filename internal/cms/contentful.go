package cms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// contentful signs a canonical form of the whole request
// (https://www.contentful.com/developers/docs/extensibility/app-framework/request-verification/):
// method, path, the signed headers as name:value joined by ";", and the body.
type contentful struct{}

const (
	contentfulSignature = "X-Contentful-Signature"
	contentfulHeaders   = "X-Contentful-Signed-Headers"
	contentfulTimestamp = "X-Contentful-Timestamp"
)

func (contentful) Name() string  { return "contentful" }
func (contentful) Title() string { return "Contentful" }
func (contentful) Signed() bool  { return true }

func (contentful) Verify(d Delivery, secrets []string, now time.Time) error {
	text, err := one(d.Header, contentfulSignature)
	if err != nil {
		return err
	}
	names, err := one(d.Header, contentfulHeaders)
	if err != nil {
		return err
	}
	stamp, err := one(d.Header, contentfulTimestamp)
	if err != nil {
		return err
	}
	at, err := instant(stamp, time.Millisecond)
	if err != nil {
		return err
	}
	signature, err := hex.DecodeString(text)
	if err != nil {
		return notSigned("%s is not hexadecimal", contentfulSignature)
	}
	signed := strings.Split(strings.ToLower(names), ",")
	if !slices.Contains(signed, strings.ToLower(contentfulTimestamp)) {
		return notSigned("%s does not name %s: anybody could set the time", contentfulHeaders, contentfulTimestamp)
	}
	canonical, err := contentfulCanonical(d, signed)
	if err != nil {
		return err
	}
	if !matches(signature, secrets, func(secret string) []byte { return mac(sha256.New, []byte(secret), canonical, d.Body) }) {
		return wrongSignature()
	}
	return recent(at, now)
}

// contentfulCanonical is the signed text, up to the body.
func contentfulCanonical(d Delivery, signed []string) ([]byte, error) {
	slices.Sort(signed)
	lines := make([]string, 0, len(signed))
	for _, name := range signed {
		value, err := one(d.Header, strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		lines = append(lines, name+":"+value)
	}
	return fmt.Appendf(nil, "%s\n%s\n%s\n", d.Method, contentfulPath(d.URI), strings.Join(lines, ";")), nil
}

// contentfulPath is the path and the query, which is escaped twice: Contentful's library
// escapes the query as one component, and then the whole as a URI.
func contentfulPath(uri string) string {
	path, query, _ := strings.Cut(uri, "?")
	if query == "" {
		return path
	}
	escaped := strings.ReplaceAll(url.QueryEscape(query), "+", "%20")
	return path + "?" + strings.ReplaceAll(escaped, "%", "%25")
}

func (contentful) Sign(d *Delivery, secret string, now time.Time) {
	signed := []string{strings.ToLower(contentfulHeaders), strings.ToLower(contentfulTimestamp), "x-contentful-topic"}
	d.Header.Set(contentfulTimestamp, fmt.Sprint(now.UnixMilli()))
	d.Header.Set(contentfulHeaders, strings.Join(signed, ","))
	canonical, err := contentfulCanonical(*d, signed)
	if err != nil {
		return // a sample always has these headers
	}
	d.Header.Set(contentfulSignature, hex.EncodeToString(mac(sha256.New, []byte(secret), canonical, d.Body)))
}

var contentfulActions = map[string]Action{
	"create": Created, "save": Updated, "auto_save": Updated, "publish": Published, "unpublish": Unpublished,
	"archive": Archived, "unarchive": Updated, "delete": Deleted, "execute": Published, "complete": Published,
}

func (contentful) Events(d Delivery) ([]Event, error) {
	topic := strings.Split(d.Header.Get("X-Contentful-Topic"), ".")
	if len(topic) != 3 {
		return nil, badFormat("the header X-Contentful-Topic is %.100q, not of the form ContentManagement.Entry.publish", d.Header.Get("X-Contentful-Topic"))
	}
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	e := Event{
		ID: d.Header.Get("X-Contentful-Idempotency-Key"), Name: topic[1] + "." + topic[2], Action: contentfulActions[topic[2]],
		Type: o.firstText("sys.contentType.sys.id", "sys.type"), Entity: o.text("sys", "id"),
		User: o.firstText("sys.updatedBy.sys.id", "sys.createdBy.sys.id", "sys.deletedBy.sys.id"), Environment: o.text("sys", "environment", "sys", "id"),
		At: o.time("sys", "updatedAt"),
	}
	if e.Action == "" {
		e.Action = Changed
	}
	for _, field := range []string{"title", "name", "headline", "internalName"} {
		if e.Title = firstLocale(o.at("fields", field)); e.Title != "" {
			break
		}
	}
	return []Event{e}, nil
}

// firstLocale is the value of a localized field in the first language by name.
func firstLocale(value any) string {
	locales, ok := value.(map[string]any)
	if !ok {
		return textOf(value)
	}
	for _, locale := range object(locales).keys() {
		if text := textOf(locales[locale]); text != "" {
			return text
		}
	}
	return ""
}

func (contentful) Sample() Delivery {
	return Delivery{
		Method: "POST", URI: "/", Header: newHeader("Content-Type", "application/vnd.contentful.management.v1+json", "X-Contentful-Topic", "ContentManagement.Entry.publish", "X-Contentful-Idempotency-Key", "sample"),
		Body: []byte(`{"sys":{"type":"Entry","id":"5KsDBWseXY6QegucYAoacS","contentType":{"sys":{"id":"page"}},"environment":{"sys":{"id":"master"}},"updatedBy":{"sys":{"id":"ana"}},"updatedAt":"2026-11-28T12:00:00.000Z"},"fields":{"title":{"en-US":"Opening hours"}}}`),
	}
}
