package view

import (
	"encoding/json"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Release is a release of a site, with the state that it is in: Ready once it
// has ended.
type Release struct {
	ledger.Release
	State release.State
	// Live says that the site shows this release.
	Live bool
	// SiteHeadline and SiteText are the state of the site, in a few words and in a
	// sentence, while the release has not ended; LateSince is since when it is late, zero
	// while it is not.
	SiteHeadline Headline
	SiteText     string
	LateSince    time.Time
	// Zone and Language are those of the view.
	Zone     *time.Location
	Language words.Language
	// Again says that the site was rolled back to its content.
	Again bool
}

// release is the view of one of the site's releases.
func (v Site) release(r ledger.Release) Release {
	one := Release{Release: r, Zone: v.Zone, Language: v.Language, State: release.Ready, Live: r.Number == v.NowLive().Number && !v.Differs()}
	one.Again = !one.Live && r.Outcome == release.Succeeded && r.Number == v.Shows() && r.Content() == r.Number
	if r.Number == v.Current.Number {
		one.State, one.SiteHeadline, one.LateSince = v.State, v.Headline(), v.LateSince()
		one.SiteText = v.StateText()
	}
	return one
}

// OutcomeWords name the outcome of the release, or its state before it has one.
func (v Release) OutcomeWords() string {
	l := v.Language
	switch v.Outcome {
	case release.Succeeded:
		switch {
		case v.Live && v.RollbackTo != 0:
			return l.Say("Live: rolled back to #%d", v.RollbackTo)
		case v.Live:
			return l.Say("Live")
		case v.Again:
			return l.Say("Live again")
		case v.RollbackTo != 0:
			return l.Say("Was rolled back to #%d", v.RollbackTo)
		}
		return l.Say("Was live")
	case release.Failed:
		return l.Say("Failed")
	case release.Cancelled:
		return l.Say("Cancelled")
	case release.Stale:
		return l.Say("Lost sight of")
	case release.Superseded:
		return l.Say("Ended by a reset")
	case release.Unchanged:
		return l.Say("Nothing to do")
	}
	if v.SiteHeadline.Class != "" && v.SiteHeadline.Class != classNow {
		return v.SiteHeadline.Name
	}
	return text.Capital(stateDoing(l, v.State))
}

// OutcomeClass is the class of the outcome; its words say the same.
func (v Release) OutcomeClass() string {
	switch v.Outcome {
	case release.Succeeded:
		if v.Live || v.Again {
			return classOK
		}
		return classQuiet
	case release.Failed, release.Stale:
		return classBad
	case release.Cancelled, release.Superseded, release.Unchanged:
		return classQuiet
	}
	if v.SiteHeadline.Class != "" {
		return v.SiteHeadline.Class
	}
	return classNow
}

// BegunAt is when the release was dispatched, or its run began; zero before.
func (v Release) BegunAt() time.Time { return when.Begun(v.Release.Release) }

// Took says how long the release took: until it was live, or until it ended;
// "" before.
func (v Release) Took() string {
	if ran := v.Ran(); ran > 0 {
		return v.Language.Took(ran)
	}
	return ""
}

// Text sums the release up.
func (v Release) Text(c when.Clock) string {
	l := v.Language
	switch v.Outcome {
	case release.Succeeded:
		if v.Live {
			return l.Say("Live since %s.", c.Time(v.Times.Complete))
		}
		if v.Again {
			return l.Say("It went live at %s; the site was taken back to it.", c.Time(v.Times.Complete))
		}
		return l.Say("It went live at %s; another release is live now.", c.Time(v.Times.Complete))
	case release.Failed, release.Stale, release.Cancelled, release.Superseded, release.Unchanged:
		return text.Sentence(orNoReason(l, v.EndWords()))
	}
	return v.SiteText
}

// ConsistencyWords name the consistency of the release's content; "" where its run did not
// report it.
func (v Release) ConsistencyWords() string {
	switch v.Reading.Consistency {
	case release.OneSnapshot:
		return v.Language.Say("a snapshot: all as it was at one instant")
	case release.Quiet:
		return v.Language.Say("quiet: nothing changed between then and the end of reading")
	case release.PerItem:
		return v.Language.Say("per item: each as it was at some instant after that")
	}
	return ""
}

// Measured are the measurements of the release's run; nil for none.
func (v Release) Measured() *api.Metrics {
	m := &api.Metrics{}
	if v.Metrics == "" || json.Unmarshal([]byte(v.Metrics), m) != nil {
		return nil
	}
	return m
}

// Wire is the release as the API gives it.
func (v Release) Wire() api.Release {
	r := v.Release.Release
	w := api.Release{
		Site: v.Site, TimeZone: v.Zone.String(), Number: r.Number, State: v.State, Outcome: r.Outcome, Why: r.Why, Fault: r.Fault, By: r.By,
		Requests: r.Requests.Count, Retry: r.Retry, RollbackTo: r.RollbackTo, Note: r.Note, Live: v.Live, Late: !v.LateSince.IsZero() || !r.Late.IsZero(), LateSince: instant(v.LateSince), Watermark: instant(r.Watermark),
		Times: api.Times{
			Requested: instant(r.Times.Requested), Dispatched: instant(r.Times.Dispatched), Starting: instant(r.Times.Starting),
			InProgress: instant(r.Times.InProgress), Complete: instant(r.Times.Complete), Ended: instant(r.Times.Ended),
		},
		Metrics: v.Measured(),
	}
	w.SameAs = r.SameAs
	if c := r.Reading; c.Consistency != "" {
		w.Content = &api.Content{Consistency: c.Consistency, Digest: c.Digest}
	}
	w.Guards, w.Allowed = r.Guards.Names(), WireAllowed(r.Allowed)
	if r.Run.ID != "" {
		w.Run = &api.Run{ID: r.Run.ID, Attempt: r.Run.Attempt, URL: WebLink(r.Run.URL)}
	}
	return w
}

// WireAllowed are the guards let pass in a release as the API gives them, nil for none.
func WireAllowed(a release.Allowance) *api.Allowed {
	if a.Guards == "" {
		return nil
	}
	return &api.Allowed{Guards: a.Guards.Names(), By: a.By, Why: a.Why, At: a.At.UTC()}
}

// Wire is the release with its requests and events as the API gives it.
func (d ReleaseDetail) Wire() api.ReleaseDetail {
	w := api.ReleaseDetail{Release: d.Release.Wire()}
	if len(d.Requests) > 0 {
		w.Served = Wires(d.Requests)
	}
	for _, e := range d.Events {
		w.Events = append(w.Events, Event(e))
	}
	return w
}

// Event is an entry of the audit trail as the API gives it.
func Event(e ledger.Event) api.Event {
	return api.Event{ID: e.ID, Site: e.Site, At: e.At, Kind: e.Kind, Release: e.Release, Request: e.Request, By: e.By, Why: e.Why}
}

// Ran is how long the release ran: until it was live, or until it ended; 0 before.
func (v Release) Ran() time.Duration {
	begun, end := v.BegunAt(), v.Times.Complete
	if end.IsZero() {
		end = v.Times.Ended
	}
	if begun.IsZero() || end.IsZero() {
		return 0
	}
	return end.Sub(begun)
}
