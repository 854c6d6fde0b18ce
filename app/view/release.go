package view

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

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
	// Live says that it is the one that the site shows.
	Live bool
	// Stand is how the site stands, and StandText says it in a sentence, while
	// the release has not ended; LateSince is since when it is late, zero while
	// it is not.
	Stand     Headline
	StandText string
	LateSince time.Time
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
		one.State, one.Stand, one.LateSince = v.State, v.Headline(), v.LateSince()
		one.StandText = v.StateText()
	}
	return one
}

// OutcomeWords say how the release ended, or what it is doing.
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
	if v.Stand.Class != "" && v.Stand.Class != classNow {
		return v.Stand.Name
	}
	return text.Capital(stateDoing(l, v.State))
}

// OutcomeClass is how the outcome is coloured; its words say the same.
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
	if v.Stand.Class != "" {
		return v.Stand.Class
	}
	return classNow
}

// BegunAt is when a release was sent on its way; zero before.
func BegunAt(r release.Release) time.Time {
	if r.Dispatch.Intended.IsZero() {
		return r.Times.Starting // a run that nobody dispatched
	}
	return r.Dispatch.Intended
}

// BegunAt is when the release was sent on its way; zero before.
func (v Release) BegunAt() time.Time { return BegunAt(v.Release.Release) }

// Took says how long the release took: until it was live, or until it ended;
// "" before.
func (v Release) Took() string {
	if ran := v.Ran(); ran > 0 {
		return v.Language.Took(ran)
	}
	return ""
}

// Text sums the release up.
func (v Release) Text(c Clock) string {
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
		return text.Sentence(orNoReason(l, v.Why))
	}
	return v.StandText
}

// Measured is what the release's run measured; nil when it has not told.
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

// Wire is the release with what it served as the API gives it.
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

// PastRelease is a release in a site's history with who asked for it: the first
// few of them, each once.
type PastRelease struct {
	Release
	Askers []string
	// Others says that there were more.
	Others bool
	// Titles are of what went out, each once; MoreTitles says that there was more.
	Titles     []string
	MoreTitles bool
}

// askersShown bounds the names in a row of the history.
const askersShown = 3

// pastReleases are the last releases of a site that are numbered below before (0:
// all), newest first.
func pastReleases(ctx context.Context, s *ledger.Snapshot, site Site, limit int, before int64) ([]PastRelease, error) {
	found, err := s.Releases(ctx, site.Name, limit, before)
	if err != nil {
		return nil, err
	}
	out := make([]PastRelease, 0, len(found))
	for _, r := range found {
		served, err := s.Requests(ctx, site.Name, r.After, r.Upto, 4*askersShown)
		if err != nil {
			return nil, err
		}
		one := PastRelease{Release: site.release(r)}
		one.Askers, one.Others = askers(site.Language, served)
		one.Titles, one.MoreTitles = titlesOf(served)
		one.MoreTitles = one.MoreTitles || r.Requests.Count > int64(len(served))
		if r.RollbackTo != 0 {
			one.Askers = []string{r.Ordered.By}
		}
		out = append(out, one)
	}
	return out, nil
}

// titlesShown bounds the titles in a row of the history.
const titlesShown = 3

// titlesOf are the titles of what was asked for. What asks for all content has none.
func titlesOf(served []ledger.Request) (titles []string, more bool) {
	for _, r := range served {
		title := cmp.Or(r.Title, r.Entity, r.Reason)
		switch {
		case title == "" || slices.Contains(titles, title):
		case len(titles) == titlesShown:
			more = true
		default:
			titles = append(titles, title)
		}
	}
	return titles, more
}

func askers(l words.Language, served []ledger.Request) (names []string, others bool) {
	for _, r := range served {
		name := Asker(l, r)
		switch {
		case slices.Contains(names, name):
		case len(names) == askersShown:
			others = true
		default:
			names = append(names, name)
		}
	}
	return names, others
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
