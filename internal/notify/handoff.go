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

// The types of hand-offs, which no other kind is told: content went live, or what had
// been live was taken back.
const (
	ContentLive       Type = "content.live"
	ContentRolledBack Type = "content.rolled_back"
)

// handoff is for what must not begin before a page is public, such as mailing it: it is
// told up to when content is live, and which entries went live. It is a CloudEvent,
// signed as a webhook's.
var handoff = Kind{
	Name: "handoff", Secret: SecretNeeded, Tells: []Type{ContentLive, ContentRolledBack}, HandsOff: true,
	Body: handOffBody, Header: standardHeader,
}

// HandOff is what an entry of the audit trail says that is handed off; "" for nothing.
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

// Watermark is the instant up to which content is live with a fact's release; zero where
// it says nothing of that.
func (f Fact) Watermark() time.Time {
	if f.Type != ContentLive || f.Release == nil {
		return time.Time{}
	}
	if f.Release.Watermark.IsZero() { // nothing to do: its content was read by its fingerprint alone
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

// handedData is what a hand-off tells.
type handedData struct {
	// Watermark is the instant up to which what was saved in the CMS is live. It is never
	// lower than in a hand-off that was taken before. Previous is that of the last one that
	// was; left out in the first.
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

// entitiesOf are the entries that a fact's requests name, the newest request of each, in
// the order of the requests; whether these are all.
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

// entityOf tells entries apart; a request that names none is one by itself.
func entityOf(r Request) string {
	if r.Entity == "" {
		return "request " + r.ID
	}
	return "entity " + r.Entity
}

// Raise makes the watermark of a hand-off's body no lower than what the target has taken:
// clocks are put back, and a hand-off may be sent again after later ones.
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
