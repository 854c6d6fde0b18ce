package view

import (
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Request is a request and its resolution at one instant.
type Request struct {
	ledger.Request
	Resolution ledger.Resolution
	Of         Site
	// Expected is when it should be live, or should have been when it is late; zero when
	// that is not known.
	Expected time.Time
}

func (v Site) request(r ledger.Request, resolution ledger.Resolution) Request {
	return Request{Request: r, Resolution: resolution, Of: v, Expected: v.expectedAt(r, resolution)}
}

// Requests are the views of requests, without the failed releases that should have served
// them.
func (v Site) Requests(found []ledger.Request) []Request {
	out := make([]Request, 0, len(found))
	for _, r := range found {
		out = append(out, v.request(r, v.resolutionOf(r)))
	}
	return out
}

// resolutionOf is the resolution of a request, without failed releases.
func (v Site) resolutionOf(r ledger.Request) ledger.Resolution {
	resolution := ledger.Resolution{Status: v.StatusAt(r.Place)}
	if resolution.Status == release.InRelease {
		resolution.Release = v.Current.Number
	}
	return resolution
}

// Pending says that the CDN may still show replaced files although the request is live; ""
// when it does not.
func (v Request) Pending() string {
	if v.Resolution.Status != release.Live {
		return ""
	}
	return v.Of.Pending
}

// Pill is the state of the request in a word or two.
func (v Request) Pill() Headline {
	l := v.Of.Language
	if c := v.Condition(); c != "" {
		return Headline{c.Name(l), c.Class()}
	}
	switch v.Resolution.Status {
	case release.Scheduled:
		return Headline{l.Say("Scheduled"), classQuiet}
	case release.Waiting:
		return Headline{l.Say("Waiting"), classQuiet}
	case release.InRelease:
		return Headline{l.Say(string(stages[stageOf(v.Of)])), classNow}
	case release.Live:
		return Headline{l.Say("Live"), classOK}
	case release.WasLive:
		return Headline{l.Say("Was live"), classQuiet}
	case release.Withdrawn:
		return Headline{l.Say("Withdrawn"), classQuiet}
	}
	return Headline{}
}

// AskedBy says whether somebody, by the name of their sign-in, made the request.
func (v Request) AskedBy(name string) bool { return askedBy(v.Actor, name) }

func askedBy(actor, name string) bool {
	return name != "" && (actor == name || strings.HasSuffix(actor, "("+name+")"))
}

// LateSince is since when the request is late; zero while it is not.
func (v Request) LateSince() time.Time {
	if v.Resolution.Status != release.InRelease {
		return time.Time{}
	}
	return v.Of.LateSince()
}

// StateText answers "is my change live?".
func (v Request) StateText() string {
	return requestWords(v)
}

// Text is StateText with Pending.
func (v Request) Text() string { return joined(v.StateText(), v.Pending()) }

// Asker is the actor of a request, or words for its source.
func Asker(l words.Language, r ledger.Request) string {
	if r.Actor != "" {
		return r.Actor
	}
	return SourceWords(l, r.Source)
}

// Subject is the title of a request's content, or else its reason.
func Subject(l words.Language, r ledger.Request) string {
	switch {
	case r.Title != "":
		return r.Title
	case r.Reason != "":
		return r.Reason
	case r.Entity != "":
		return r.Entity
	}
	return l.Say("A release, asked for by %s", SourceWords(l, r.Source))
}

// Wire is the request as the API gives it.
func (v Request) Wire() api.Request {
	return api.Request{
		ID: v.ID, Site: v.Site, TimeZone: v.Of.Zone.String(), Key: auth.ChosenKey(v.Key), Source: v.Source, Actor: v.Actor, Title: v.Title, Link: WebLink(v.Link),
		Entity: v.Entity, Reason: v.Reason, AcceptedAt: v.AcceptedAt, NotBefore: instant(v.NotBefore), Place: max(v.Place, 0),
		Status: v.Resolution.Status, Release: v.Resolution.Release, Failed: v.Resolution.Failed, LiveAt: instant(v.Resolution.LiveAt),
		ExpectedAt: instant(v.Expected), LateSince: instant(v.LateSince()), Condition: string(v.Condition()), Answer: v.Answer().Name, Text: v.Text(),
	}
}

// Wires are requests as the API gives them.
func Wires(all []Request) []api.Request {
	out := make([]api.Request, 0, len(all))
	for _, v := range all {
		out = append(out, v.Wire())
	}
	return out
}
