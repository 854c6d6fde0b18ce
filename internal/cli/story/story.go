package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Story is the output of `why --json`.
type Story struct {
	Request api.Request `json:"request"`
	// Chapters are what happened, in order.
	Chapters []Chapter `json:"chapters"`
	// Now is the request's state, and Do what a person may do about it, a step each;
	// left out where nothing is to be done.
	Now string   `json:"now"`
	Do  []string `json:"do,omitempty"`
	// Missing says what this token may not see, or what is too long ago.
	Missing []string `json:"missing,omitempty"`
}

// Chapter is one thing that happened.
type Chapter struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // accepted, joined, seen, unseen, or the kind of an event
	Text string    `json:"text"`
	// Release is the release that it was about; left out for none.
	Release int64         `json:"release,omitempty"`
	By      string        `json:"by,omitempty"`
	Fault   release.Fault `json:"fault,omitempty"`

	id int64 // of the event, which orders what happened at one instant
}

// Known is what the app knows of a request.
type Known struct {
	Request api.Request
	Site    api.Site
	// Delivery is the hook's delivery, if the request came through a hook.
	Delivery *api.HookDelivery
	// Releases are those that should have served it, and the one that does or did.
	Releases []api.ReleaseDetail
	// Events are what happened to the site meanwhile.
	Events  []api.Event
	Missing []string
}

// Tell makes the story of a request.
func Tell(k Known) Story {
	s := Story{Request: k.Request, Now: k.Request.Text, Missing: k.Missing, Chapters: []Chapter{accepted(k)}}
	seen := map[int64]bool{}
	for _, r := range k.Releases {
		s.Chapters = append(s.Chapters, joined(k.Request, r.Release))
		for _, e := range r.Events {
			seen[e.ID] = true
			if e.At.Before(k.Request.AcceptedAt) {
				continue // the release began with the requests of others
			}
			if c, ok := ofEvent(e, r.Release); ok {
				s.Chapters = append(s.Chapters, c)
			}
		}
		if r.Number == k.Request.Release {
			s.Chapters = append(s.Chapters, public(r.Release)...)
		}
	}
	for _, e := range k.Events {
		if seen[e.ID] || e.Request != "" && e.Request != k.Request.ID {
			continue
		}
		if c, ok := ofEvent(e, api.Release{}); ok {
			s.Chapters = append(s.Chapters, c)
		}
	}
	slices.SortStableFunc(s.Chapters, func(a, b Chapter) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.id, b.id))
	})
	s.Do = advice(k)
	return s
}

// accepted is how the request came.
func accepted(k Known) Chapter {
	r := k.Request
	c := Chapter{At: r.AcceptedAt, What: "accepted", By: r.Actor}
	words := "Accepted"
	if d := k.Delivery; d != nil {
		words += fmt.Sprintf(" from hook %s, delivery %s", d.Hook, d.ID)
		if d.Event != "" {
			words += " (" + d.Event + ")"
		}
		if d.Rule != "" {
			words += ", by rule " + d.Rule
		}
		words += ": " + text.Sentence(cmp.Or(d.Why, "it asks for a release"))
	} else {
		words += fmt.Sprintf(", from source %s.", r.Source)
	}
	if r.Actor != "" {
		words += " Asked by " + r.Actor + "."
	}
	if about := cmp.Or(r.Title, r.Entity); about != "" {
		words += " About “" + about + "”."
	}
	if r.Reason != "" && k.Delivery == nil {
		words += " Reason: " + text.FullStop(r.Reason)
	}
	if r.NotBefore != nil && r.NotBefore.After(r.AcceptedAt) {
		words += " Put off: it may not go out before its time."
	}
	c.Text = words
	return c
}

// joined is how a request came into a release.
func joined(r api.Request, in api.Release) Chapter {
	at := r.AcceptedAt
	if in.Times.Requested != nil && in.Times.Requested.After(at) {
		at = *in.Times.Requested
	}
	words := fmt.Sprintf("Joined release #%d", in.Number)
	if others := in.Requests - 1; others > 0 {
		words += ", with " + text.Plural(others, "other request", "other requests")
	}
	if in.Retry > 0 {
		words += fmt.Sprintf(", which tries again what #%d did not bring", in.Retry)
	}
	return Chapter{At: at, What: "joined", Release: in.Number, Text: words + "."}
}

// public is whether the release was seen as the public sees it.
func public(r api.Release) []Chapter {
	if r.Metrics == nil {
		return nil
	}
	var out []Chapter
	for _, step := range r.Metrics.Steps {
		if step.Name != "verify" || step.StartedAt.IsZero() || step.Result == "skipped" {
			continue
		}
		c := Chapter{At: step.StartedAt.Add(time.Duration(step.Seconds * float64(time.Second))), What: "seen", Release: r.Number, Text: "Seen through the public address."}
		if step.Result != "ok" {
			c.What, c.Text = "unseen", strings.TrimSpace("Not seen through the public address. "+text.Sentence(step.Note))
		}
		out = append(out, c)
	}
	if e := r.Metrics.Edge; e != nil && e.State == api.EdgePending && r.Times.Complete != nil {
		out = append(out, Chapter{At: *r.Times.Complete, What: "unseen", Release: r.Number, Text: e.Words()})
	}
	return out
}
