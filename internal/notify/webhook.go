package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// webhook gets all types: a CloudEvent 1.0 in structured JSON
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md), signed
// by Standard Webhooks 1.0.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
var webhook = Kind{Name: "webhook", Secret: SecretNeeded, Body: cloudEvent, Header: standardHeader}

// event is a CloudEvent.
type event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitempty"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            eventData `json:"data"`
}

// eventData is the data of a CloudEvent.
type eventData struct {
	Site    eventSite     `json:"site"`
	Release *eventRelease `json:"release,omitempty"`
	Request *eventRequest `json:"request,omitempty"`
	By      string        `json:"by,omitempty"`
	Why     string        `json:"why,omitempty"`
	Text    string        `json:"text"`
}

type eventSite struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	Page  string `json:"page,omitempty"`
}

type eventRelease struct {
	Number     int64           `json:"number"`
	Outcome    release.Outcome `json:"outcome,omitempty"`
	Fault      release.Fault   `json:"fault,omitempty"`
	Requests   int64           `json:"requests"`
	RollbackTo int64           `json:"rollback_to,omitempty"`
	Watermark  *time.Time      `json:"watermark,omitempty"`
	LiveAt     *time.Time      `json:"live_at,omitempty"`
	Run        string          `json:"run,omitempty"`
	Page       string          `json:"page,omitempty"`
}

type eventRequest struct {
	ID         string         `json:"id"`
	Entity     string         `json:"entity,omitempty"`
	Title      string         `json:"title,omitempty"`
	Link       string         `json:"link,omitempty"`
	Actor      string         `json:"actor,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	Source     release.Source `json:"source"`
	AcceptedAt time.Time      `json:"accepted_at"`
	NotBefore  *time.Time     `json:"not_before,omitempty"`
	Page       string         `json:"page,omitempty"`
}

func cloudEvent(id string, f Fact) ([]byte, error) {
	app := strings.TrimRight(f.Site.App, "/")
	page := app + "/sites/" + url.PathEscape(f.Site.Name)
	e := event{
		SpecVersion: "1.0", ID: id, Source: page, Type: "pressrun." + string(f.Type), Time: f.At.UTC(), DataContentType: "application/json",
		Data: eventData{
			Site: eventSite{Name: f.Site.Name, Title: f.Site.Title, URL: f.Site.URL, Page: page},
			By:   f.By, Why: f.Why, Text: f.forPrograms().Text(),
		},
	}
	if r := f.Release; r != nil {
		e.Subject = "releases/" + strconv.FormatInt(r.Number, 10)
		e.Data.Release = &eventRelease{
			Number: r.Number, Outcome: r.Outcome, Fault: r.Fault, Requests: r.Requests.Count, RollbackTo: r.RollbackTo,
			Watermark: optional(r.Watermark), LiveAt: optional(r.Times.Complete), Run: r.Run.URL,
			Page: page + "/" + e.Subject,
		}
	}
	if q := f.Request; q != nil {
		e.Subject = "requests/" + q.ID
		e.Data.Request = &eventRequest{
			ID: q.ID, Entity: q.Entity, Title: q.Title, Link: q.Link, Actor: q.Actor, Reason: q.Reason, Source: q.Source,
			AcceptedAt: q.AcceptedAt, NotBefore: optional(q.NotBefore), Page: app + "/" + e.Subject,
		}
	}
	return json.Marshal(e)
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// standardHeader signs with every valid secret, so that a receiver may change to the new
// one at any time.
func standardHeader(id string, body []byte, secrets []string, now time.Time) map[string]string {
	return Signed(id, "application/cloudevents+json; charset=utf-8", body, secrets, now)
}

// Signed makes the headers of a message signed by Standard Webhooks: with each of the
// secrets, which must come from ReadSecret.
func Signed(id, contentType string, body []byte, secrets []string, now time.Time) map[string]string {
	stamp := strconv.FormatInt(now.Unix(), 10)
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		sum := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(sum, "%s.%s.", id, stamp)
		sum.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(sum.Sum(nil)))
	}
	return map[string]string{
		"Content-Type": contentType, "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": strings.Join(signatures, " "),
	}
}

// Bounds of a key of Standard Webhooks, in bytes.
const (
	shortestKey = 24
	longestKey  = 64
)

// ReadSecret reads the key from a secret as Standard Webhooks writes it: whsec_ and
// base64 of 24 to 64 bytes.
func ReadSecret(text string) (key string, err error) {
	coded, ok := strings.CutPrefix(text, "whsec_")
	raw, err := base64.StdEncoding.DecodeString(coded)
	if !ok || err != nil || len(raw) < shortestKey || len(raw) > longestKey {
		return "", errors.New("is not a secret of Standard Webhooks; expected whsec_ and base64 of 24 to 64 random bytes, such as from: echo whsec_$(openssl rand -base64 32)")
	}
	return string(raw), nil
}
