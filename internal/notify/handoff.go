package notify

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// The types of hand-offs, which no other kind of target gets: content went live, or a
// rollback took content back.
const (
	ContentLive       Type = "content.live"
	ContentRolledBack Type = "content.rolled_back"
)

// handoff is for systems that must wait until a page is public, such as one that mails
// it: a message says up to which instant content is live, and which entries went live. It
// is a CloudEvent, signed like a webhook's.
var handoff = Kind{
	Name: "handoff", Secret: SecretNeeded, Tells: []Type{ContentLive, ContentRolledBack}, HandsOff: true,
	Body: handOffBody, Header: standardHeader,
}

// HandOff is the type of the hand-off for an entry of the audit trail; "" for none.
func HandOff(e Record, r *release.Release) Type {
	switch {
	case r == nil:
		return ""
	case e.Kind == release.KindComplete && r.RollbackTo != 0:
		return ContentRolledBack
	case e.Kind == release.KindComplete, e.Kind == release.KindEnded && r.Outcome == release.Unchanged:
		return ContentLive
	}
	return ""
}

// Watermark is the instant up to which content is live with a fact's release; zero if it
// does not say that.
func (f Fact) Watermark() time.Time {
	if f.Type != ContentLive || f.Release == nil {
		return time.Time{}
	}
	if f.Release.Watermark.IsZero() { // it found nothing to do, by the fingerprint of the content alone
		return f.Release.Fingerprint.Asked
	}
	return f.Release.Watermark
}

// mostEntities bounds how many entries a hand-off names.
const mostEntities = 1000

// handedOff is the CloudEvent of a hand-off.
type handedOff struct {
	event
	Data handedData `json:"data"`
}

// handedData is the data of a hand-off.
type handedData struct {
	// Watermark is the instant up to which changes in the CMS are live. It is never lower
	// than in a hand-off that the target took before. Previous is the one of the last that
	// it took; left out in the first.
	Watermark *time.Time    `json:"watermark,omitempty"`
	Previous  *time.Time    `json:"previous_watermark,omitempty"`
	Site      eventSite     `json:"site"`
	Release   *eventRelease `json:"release,omitempty"`
	// Entities are the entries that went live, each once; Complete says that these are all.
	Entities []handedEntity `json:"entities"`
	Requests int64          `json:"requests_total"`
	Complete bool           `json:"entities_complete"`
	Text     string         `json:"text"`
}

type handedEntity struct {
	Entity     string         `json:"entity,omitempty"`
	Title      string         `json:"title,omitempty"`
	Link       string         `json:"link,omitempty"`
	Request    string         `json:"request"`
	Source     release.Source `json:"source"`
	AcceptedAt time.Time      `json:"accepted_at"`
}

func handOffBody(id string, f Fact) ([]byte, error) {
	app := strings.TrimRight(f.Site.App, "/")
	page := app + "/sites/" + url.PathEscape(f.Site.Name)
	h := handedOff{
		event: event{SpecVersion: "1.0", ID: id, Source: page, Type: "pressrun." + string(f.Type), Time: f.At.UTC(), DataContentType: "application/json"},
		Data: handedData{
			Watermark: optional(f.Watermark()), Requests: f.Requests, Text: f.forPrograms().Text(),
			Site: eventSite{Name: f.Site.Name, Title: f.Site.Title, URL: f.Site.URL, Page: page},
		},
	}
	h.Data.Entities, h.Data.Complete = entitiesOf(f)
	if r := f.Release; r != nil {
		h.Subject = "releases/" + strconv.FormatInt(r.Number, 10)
		h.Data.Release = &eventRelease{
			Number: r.Number, Outcome: r.Outcome, Requests: r.Requests.Count, RollbackTo: r.RollbackTo,
			Watermark: optional(r.Watermark), LiveAt: optional(r.Times.Complete), Run: r.Run.URL, Page: page + "/" + h.Subject,
		}
	}
	return json.Marshal(h)
}

// entitiesOf are the entries that a fact's requests name, with the newest request of
// each, in the order of the requests. complete says whether these are all.
func entitiesOf(f Fact) (out []handedEntity, complete bool) {
	out = []handedEntity{}
	last := map[string]int{}
	for i, r := range f.Served {
		last[entityOf(r)] = i
	}
	for i, r := range f.Served {
		if last[entityOf(r)] != i {
			continue
		}
		if len(out) == mostEntities {
			return out, false
		}
		out = append(out, handedEntity{Entity: r.Entity, Title: r.Title, Link: r.Link, Request: r.ID, Source: r.Source, AcceptedAt: r.AcceptedAt})
	}
	return out, int64(len(f.Served)) >= f.Requests
}

// entityOf identifies the entry of a request; a request without one counts as an entry of its own.
func entityOf(r Request) string {
	if r.Entity == "" {
		return "request " + r.ID
	}
	return "entity " + r.Entity
}

// Raise raises the watermark of a hand-off's body to the one that the target has taken:
// clocks are put back, and a hand-off may be sent again after later ones. It returns the
// body and its watermark.
func Raise(body string, taken time.Time) (string, time.Time, error) {
	var h handedOff
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		return "", time.Time{}, fmt.Errorf("read a hand-off: %w", err)
	}
	h.Data.Previous = optional(taken)
	if w := h.Data.Watermark; w == nil || w.Before(taken) {
		h.Data.Watermark = optional(taken)
	}
	raised, err := json.Marshal(h)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("write a hand-off: %w", err)
	}
	if h.Data.Watermark == nil {
		return string(raised), time.Time{}, nil
	}
	return string(raised), *h.Data.Watermark, nil
}
