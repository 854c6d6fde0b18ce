package app

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// instant is a time as the API gives it: left out when there is none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// webLink is a link that a page may carry, or "".
func webLink(text string) string {
	if u, err := url.Parse(text); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return text
	}
	return ""
}

// siteView is all that is told of a site's state.
func (a *App) siteView(ctx context.Context, name string) (api.Site, error) {
	site, err := a.ledger.Site(ctx, name)
	if err != nil {
		return api.Site{}, err
	}
	v := a.viewOf(site)
	pending, err := a.edgePending(ctx, site)
	if pending != "" {
		v.Text += " " + pending
	}
	return v, err
}

// viewOf is what a site's own state tells.
func (a *App) viewOf(site release.Site) api.Site {
	name := site.Name
	conf := a.config.Sites[name]
	now := ledger.Now()
	v := api.Site{
		Name: name, Title: conf.Title, URL: conf.URL, State: site.State,
		Since: site.Since(), Scheduled: instant(site.Scheduled), Waiting: waitingView(site, now, conf.Location()),
	}
	if v.Title == "" {
		v.Title = name
	}
	v.Current, v.Last, v.Live = summary(site, site.Current), summary(site, site.Last), summary(site, site.Live)
	if site.Pause.On(now) {
		v.Paused = &api.Pause{By: site.Pause.By, Why: site.Pause.Why, Since: site.Pause.At, Until: instant(site.Pause.Until)}
	}
	if site.Hold.On() {
		v.Held = &api.Hold{Why: site.Hold.Why, Since: site.Hold.Since}
	}
	for _, w := range site.Windows() {
		if w.To.After(now) {
			v.Freezes = append(v.Freezes, api.Freeze(w))
		}
	}
	v.Text = siteWords(site, now, conf.Location())
	return v
}

// waitingView tells what waits, and for what.
func waitingView(site release.Site, now time.Time, zone *time.Location) api.Waiting {
	group := site.Waiting
	w := api.Waiting{}
	if site.State == release.Requested {
		group = site.Current.Requests
		due := site.DispatchDue(now)
		w.DispatchAt, w.For = instant(due.At), string(due.Why)
		if due.Why == release.DueNothing {
			w.For = "dispatch"
		}
	} else if group.Count > 0 {
		w.For = "release"
	}
	w.Count, w.Since = group.Count, instant(group.First)
	if group.Count > 0 {
		w.Text = waitingWords(site, now, zone)
	}
	return w
}

func summary(site release.Site, r release.Release) *api.Release {
	if r.Number == 0 {
		return nil
	}
	v := releaseView(site.Name, r)
	if r.Number == site.Current.Number {
		v.State = site.State
	}
	return &v
}

func releaseView(site string, r release.Release) api.Release {
	v := api.Release{
		Site: site, Number: r.Number, State: release.Ready, Outcome: r.Outcome, Why: r.Why, Fault: r.Fault, By: r.By,
		Requests: r.Requests.Count, Retry: r.Retry, Note: r.Note, Late: !r.Late.IsZero(), Watermark: instant(r.Watermark),
		Times: api.Times{
			Requested: instant(r.Times.Requested), Dispatched: instant(r.Times.Dispatched), Starting: instant(r.Times.Starting),
			InProgress: instant(r.Times.InProgress), Complete: instant(r.Times.Complete), Ended: instant(r.Times.Ended),
		},
	}
	if r.Run.ID != "" {
		v.Run = &api.Run{ID: r.Run.ID, Attempt: r.Run.Attempt, URL: webLink(r.Run.URL)}
	}
	return v
}

// releaseViews lists releases; the running one shows its state.
func (a *App) releaseViews(ctx context.Context, name string, limit int, before int64) ([]api.Release, error) {
	site, err := a.ledger.Site(ctx, name)
	if err != nil {
		return nil, err
	}
	found, err := a.ledger.Releases(ctx, name, limit, before)
	if err != nil {
		return nil, err
	}
	out := make([]api.Release, 0, len(found))
	for _, r := range found {
		out = append(out, fullRelease(site, r))
	}
	return out, nil
}

func fullRelease(site release.Site, r ledger.Release) api.Release {
	v := releaseView(site.Name, r.Release)
	if r.Number == site.Current.Number {
		v.State = site.State
	}
	var m api.Metrics
	if r.Metrics != "" && json.Unmarshal([]byte(r.Metrics), &m) == nil {
		v.Metrics = &m
	}
	return v
}

// shown bounds how many requests and events a release's page lists.
const shown = 200

func (a *App) releaseDetail(ctx context.Context, name string, number int64) (api.ReleaseDetail, error) {
	site, err := a.ledger.Site(ctx, name)
	if err != nil {
		return api.ReleaseDetail{}, err
	}
	r, err := a.ledger.Release(ctx, name, number)
	if err != nil {
		return api.ReleaseDetail{}, err
	}
	d := api.ReleaseDetail{Release: fullRelease(site, r)}
	served, err := a.ledger.Requests(ctx, name, r.After, r.Upto, shown)
	if err != nil {
		return d, err
	}
	if d.Served, err = a.servedViews(ctx, site, r, served); err != nil {
		return d, err
	}
	events, err := a.ledger.EventsOfRelease(ctx, name, number, shown)
	if err != nil {
		return d, err
	}
	for _, e := range events {
		d.Events = append(d.Events, eventView(e))
	}
	return d, nil
}

// servedViews are requests of one release with what became of them. One fate is
// that of all: whatever takes up what a failed release left takes all of it.
func (a *App) servedViews(ctx context.Context, site release.Site, r ledger.Release, served []ledger.Request) ([]api.Request, error) {
	if len(served) == 0 {
		return nil, nil
	}
	fate := ledger.Fate{Standing: release.InRelease, Release: r.Number}
	if r.Number != site.Current.Number || r.Outcome != "" {
		_, found, err := a.ledger.Request(ctx, served[0].ID)
		if err != nil {
			return nil, err
		}
		fate = found
		fate.Failed = nil // differs: the oldest may have been failed by more
	}
	out := make([]api.Request, 0, len(served))
	for _, one := range served {
		out = append(out, a.requestView(ctx, site, one, fate))
	}
	return out, nil
}

func eventView(e ledger.Event) api.Event {
	return api.Event{ID: e.ID, Site: e.Site, At: e.At, Kind: e.Kind, Release: e.Release, Request: e.Request, By: e.By, Why: e.Why}
}

// bareRequest is a request as it was accepted: what became of it is yet to be told.
func bareRequest(r ledger.Request) api.Request {
	return api.Request{
		ID: r.ID, Site: r.Site, Key: auth.ChosenKey(r.Key), Source: r.Source, Actor: r.Actor, Title: r.Title, Link: webLink(r.Link),
		Entity: r.Entity, Reason: r.Reason, AcceptedAt: r.AcceptedAt, NotBefore: instant(r.NotBefore), Place: r.Place,
	}
}

// takenView is a request that was just taken in. What the decision told of the
// site is enough, unless its key had been used before.
func (a *App) takenView(ctx context.Context, t ledger.Taken) (api.Request, error) {
	if !t.Again {
		return a.requestView(ctx, t.Site, t.Request, fateNow(t.Site, t.Request)), nil
	}
	r, fate, err := a.ledger.Request(ctx, t.Request.ID)
	if err != nil {
		return api.Request{}, err
	}
	return a.requestWithFate(ctx, r, fate)
}

// fateNow is what becomes of a request that no release has failed to serve.
func fateNow(site release.Site, r ledger.Request) ledger.Fate {
	fate := ledger.Fate{Standing: site.Standing(r.Place)}
	if fate.Standing == release.InRelease {
		fate.Release = site.Current.Number
	}
	return fate
}

func (a *App) requestWithFate(ctx context.Context, r ledger.Request, fate ledger.Fate) (api.Request, error) {
	site, err := a.ledger.Site(ctx, r.Site)
	if err != nil {
		return api.Request{}, err
	}
	view := a.requestView(ctx, site, r, fate)
	if fate.Standing != release.Live {
		return view, nil
	}
	pending, err := a.edgePending(ctx, site)
	if pending != "" {
		view.Text += " " + pending
	}
	return view, err
}

// requestView is a request with what became of it.
func (a *App) requestView(ctx context.Context, site release.Site, r ledger.Request, fate ledger.Fate) api.Request {
	v := bareRequest(r)
	v.Standing, v.Release, v.Failed, v.LiveAt = fate.Standing, fate.Release, fate.Failed, instant(fate.LiveAt)
	v.ExpectedAt = instant(a.expected(ctx, site, r, fate))
	v.Text = requestWords(site, r, fate, v.ExpectedAt, ledger.Now(), a.config.Sites[r.Site].Location())
	return v
}

// openRequests lists what is not live yet: scheduled requests last.
func (a *App) openRequests(ctx context.Context, name string, limit int) ([]api.Request, error) {
	site, open, err := a.ledger.OpenRequests(ctx, name, limit)
	if err != nil {
		return nil, err
	}
	out := make([]api.Request, 0, len(open))
	for _, r := range open {
		out = append(out, a.requestView(ctx, site, r.Request, r.Fate))
	}
	return out, nil
}
