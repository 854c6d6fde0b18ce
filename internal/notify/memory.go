package notify

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Memory is what a target of people was told, as far as it matters for what it is
// told next. It is kept in the ledger beside how far the target has read, and
// bounded.
type Memory struct {
	// Failing counts the releases that failed since the last one that was live.
	Failing int64 `json:"failing,omitempty"`
	// Last is what was last so of each subject.
	Last map[string]Said `json:"last,omitempty"`
	// Recent are when messages were sent, within ManySpan.
	Recent []time.Time `json:"recent,omitempty"`
	// Shown are the newest releases that have a message.
	Shown []int64 `json:"shown,omitempty"`
	// Waits are what waits for a digest since Since, and More how much beyond. Trouble
	// is since when something that went wrong is among it, and is to be told soon.
	Waits   []Line    `json:"waits,omitempty"`
	More    int       `json:"more,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Trouble time.Time `json:"trouble,omitzero"`
	// Quiet says that some of it waits because of quiet hours.
	Quiet bool `json:"quiet,omitempty"`
}

// Said is what was so of a subject, and since when.
type Said struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

// Line is one fact of a digest.
type Line struct {
	Type    Type      `json:"type"`
	At      time.Time `json:"at"`
	Release int64     `json:"release,omitempty"`
	Text    string    `json:"text"`
	Link    string    `json:"link,omitempty"`
}

const (
	mostShown = 50
	mostLines = 25
	mostSaid  = 200
)

// ReadMemory reads what String wrote; nothing for "".
func ReadMemory(text string) (m Memory, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &m)
	}
	return m, err
}

// String is the memory as it is kept; "" for an empty one.
func (m Memory) String() string {
	kept, _ := json.Marshal(m) // texts, numbers and times alone: it can't fail
	if string(kept) == "{}" {
		return ""
	}
	return string(kept)
}

// at is a copy, without what is too old to matter.
func (m Memory) at(now time.Time) Memory {
	m.Last = maps.Clone(m.Last)
	if m.Last == nil {
		m.Last = map[string]Said{}
	}
	maps.DeleteFunc(m.Last, func(_ string, s Said) bool { return !within(s.At, now, SameSpan) })
	m.Recent = slices.DeleteFunc(slices.Clone(m.Recent), func(t time.Time) bool { return !within(t, now, ManySpan) })
	m.Waits, m.Shown = slices.Clone(m.Waits), slices.Clone(m.Shown)
	return m
}

// within says whether an instant lies less than a span before now. One after now, of
// a clock that was put back, does not.
func within(t, now time.Time, span time.Duration) bool { return !t.After(now) && now.Sub(t) < span }

// count counts failures, and makes the first release that is live after some a
// recovered one.
func (m *Memory) count(f Fact) Fact {
	if f.To != "" {
		return f
	}
	if f.Type == ended(release.Failed) || f.Type == ended(release.Stale) {
		m.Failing++
	}
	if f.Type == ReleaseLive {
		if m.Failing > 0 {
			f.Type, f.Failed = ReleaseRecovered, m.Failing
		}
		m.Failing = 0
	}
	return f
}

// subjects are the types of which one ends the other.
var subjects = map[Type]string{
	SiteHeld: "hold", "site.hold_lifted": "hold", "site.paused": "pause", "site.resumed": "pause",
	SiteDiffers: "public", "site.agrees": "public", QueueLong: "queue",
	HandoffLate: "handoff", "site.handoff_on_time": "handoff",
	ended(release.Failed): "release", ended(release.Stale): "release", ReleaseLive: "release", ReleaseRecovered: "release",
}

// same says whether a fact says what was last so of its subject, within SameSpan,
// and remembers it. A release that is live is never the same as another one.
func (m *Memory) same(f Fact, now time.Time) bool {
	subject := subjects[f.Type]
	if f.To != "" {
		subject = "to " + f.To
	}
	if subject == "" {
		return false
	}
	what := string(f.Type)
	switch {
	case f.Type == ReleaseLive, f.Type == ReleaseRecovered, f.Type == RequestLive:
		what += fmt.Sprintf(" release #%d", f.Release.Number)
	case f.Type == QueueLong: // the figures change
	case f.Release != nil:
		what += " " + shortWhy(f.Release.Why)
	default:
		what += " " + shortWhy(f.Why)
	}
	before, known := m.Last[subject]
	if known && before.What == what {
		return true
	}
	m.Last[subject] = Said{what, now}
	if len(m.Last) > mostSaid {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(m.Last)), func(a, b string) int {
			if c := m.Last[a].At.Compare(m.Last[b].At); c != 0 {
				return c
			}
			return strings.Compare(a, b)
		})
		delete(m.Last, oldest)
	}
	return false
}

func shortWhy(why string) string { return why[:min(len(why), 200)] }

// join adds a fact to what waits. Of a release, and of a subject, only the last is
// told.
func (m Memory) join(f Fact, now time.Time, quiet bool) Memory {
	line := Line{Type: f.Type, At: f.At, Text: f.Text(), Link: f.Link()}
	if f.Release != nil {
		line.Release = f.Release.Number
	}
	m.Waits = slices.DeleteFunc(m.Waits, func(l Line) bool {
		if line.Release != 0 {
			return l.Release == line.Release
		}
		return l.Release == 0 && subjects[l.Type] != "" && subjects[l.Type] == subjects[line.Type]
	})
	if m.Waits = append(m.Waits, line); len(m.Waits) > mostLines {
		m.Waits, m.More = m.Waits[1:], m.More+1
	}
	if m.Since.IsZero() {
		m.Since = now
	}
	switch {
	case quiet:
		m.Quiet = true
	case Trouble(f.Type) && m.Trouble.IsZero():
		m.Trouble = now
	}
	return m
}

func lastOf[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }
