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

// Memory is what a target of people was told before, as far as a Policy needs it. The
// ledger keeps it beside the target's cursor. It is bounded.
type Memory struct {
	// Failing counts the failed releases since the last live one.
	Failing int64 `json:"failing,omitempty"`
	// Last is the last fact of each subject.
	Last map[string]Said `json:"last,omitempty"`
	// Recent are when messages were sent, within ManySpan.
	Recent []time.Time `json:"recent,omitempty"`
	// Shown are the newest releases that have a message.
	Shown []int64 `json:"shown,omitempty"`
	// Waits are the facts that wait for a digest since Since, and More how many are left
	// out. Trouble is since when a failure is among them, which must be told soon; zero
	// for none.
	Waits   []Line    `json:"waits,omitempty"`
	More    int       `json:"more,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Trouble time.Time `json:"trouble,omitzero"`
	// Quiet says that some of it waits because of quiet hours.
	Quiet bool `json:"quiet,omitempty"`
}

// Said is the last fact of a subject, and when it was told.
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

// ReadMemory reads the text of String; "" gives an empty Memory.
func ReadMemory(text string) (m Memory, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &m)
	}
	return m, err
}

// String is the memory as text for the ledger; "" for an empty one.
func (m Memory) String() string {
	kept, _ := json.Marshal(m) // only texts, numbers and times: it can't fail
	if string(kept) == "{}" {
		return ""
	}
	return string(kept)
}

// at is a copy without entries that are too old to matter.
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

// within says whether an instant lies less than a span before now. An instant after now,
// of a clock that was put back, does not.
func within(t, now time.Time, span time.Duration) bool { return !t.After(now) && now.Sub(t) < span }

// count counts failures, and turns the first live release after some into a ReleaseRecovered.
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

// subjects groups the types of which one ends the other.
var subjects = map[Type]string{
	SiteHeld: "hold", "site.hold_lifted": "hold", "site.paused": "pause", "site.resumed": "pause",
	SiteDiffers: "public", "site.agrees": "public", QueueLong: "queue",
	HandoffLate: "handoff", "site.handoff_on_time": "handoff",
	ended(release.Failed): "release", ended(release.Stale): "release", ReleaseLive: "release", ReleaseRecovered: "release",
}

// same says whether a fact repeats the last one of its subject within SameSpan, and
// remembers it. A live release never repeats another one.
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

// join adds a fact to those that wait for a digest. It replaces an earlier one of the
// same release or subject.
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
