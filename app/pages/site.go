package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// How much a site's page lists.
const (
	shownRequests = 50
	shownReleases = 15
)

// siteFacts are all that a site's page is made of, as of one time.
type siteFacts struct {
	site release.Site
	conf config.Site
	now  time.Time
	// took is how long a release usually takes, 0 when that is not known.
	took                        time.Duration
	current, waiting, scheduled []ledger.Request
	releases                    []finished
	pending                     string // of the CDN: see edgePending
	diskWhy                     string
	diskSince                   time.Time
}

// siteBody is a site's page.
type siteBody struct {
	Name, Title, URL string
	Stand            stand
	Notices          []notice
	Lists            []requestList
	Waits            []fact
	History          []releaseRow
	Key              string
	Operator         *operatorForms
}

// stand is where a site stands, in words and on the line.
type stand struct {
	State, StateName, Text string
	Since                  *moment
	Steps                  []step
	Facts                  []fact
	Note                   string
	Release                int64
	ReleaseLink            string
	RunURL                 string
}

// fact is a line of a list of facts: At is a time, For a span that goes on.
type fact struct {
	Name, Text string
	At, For    *moment
}

// requestList is a group of requests that wait for the same thing.
type requestList struct {
	ID, Title string
	Rows      []requestRow
	// More is how many further ones there are; Others says that there are, where
	// nobody has counted them.
	More   int64
	Others bool
}

// requestRow is a request in a list.
type requestRow struct {
	Link, Who, What, Edit string
	Since, Expected, Due  *moment
}

func (a *App) sitePage(v *visit) {
	name, conf, ok := a.seenSite(v)
	if !ok {
		return
	}
	p, err := a.live(v, name)
	if err != nil {
		a.trouble(v, err)
		return
	}
	facts, err := a.siteFacts(v.r.Context(), name, conf)
	if err != nil {
		a.trouble(v, err)
		return
	}
	body := facts.body()
	body.Title, body.Key = a.siteTitle(name), rand.Text()
	if v.who.Role == auth.Operator {
		body.Operator = facts.operatorForms()
	}
	p.Title = body.Stand.StateName + " · " + body.Title
	p.Crumbs = []crumb{{Text: "All sites", Link: "/"}}
	p.Busy = facts.site.State != release.Ready
	p.Body = body
	a.show(v, 200, "site", p)
}

func (a *App) siteFacts(ctx context.Context, name string, conf config.Site) (siteFacts, error) {
	site, err := a.ledger.Site(ctx, name)
	if err != nil {
		return siteFacts{}, err
	}
	f := siteFacts{site: site, conf: conf, now: ledger.Now(), took: a.usual(ctx, name)}
	f.diskWhy, f.diskSince = a.disk.Trouble()
	if site.Current.Number != 0 {
		if f.current, err = a.ledger.Requests(ctx, name, site.Current.After, site.Current.Upto, shownRequests); err != nil {
			return f, err
		}
	}
	if f.waiting, err = a.ledger.Requests(ctx, name, max(site.Current.Upto, site.Served), site.Accepted, shownRequests); err != nil {
		return f, err
	}
	if f.scheduled, err = a.ledger.ScheduledRequests(ctx, name, shownRequests+1); err != nil {
		return f, err
	}
	if f.pending, err = a.edgePending(ctx, site); err != nil {
		return f, err
	}
	f.releases, err = a.history(ctx, name, shownReleases)
	return f, err
}

func (f siteFacts) clock() clockface { return clockface{now: f.now, zone: f.conf.Location()} }

// body makes the page of the facts.
func (f siteFacts) body() siteBody {
	c := f.clock()
	b := siteBody{
		Name: f.site.Name, Title: f.conf.Title, URL: webLink(f.conf.URL),
		Stand: f.stand(c), Notices: notices(f.site, c), Waits: f.waits(c),
		Lists: f.lists(c), History: releaseRows(f.releases, f.site, c),
	}
	if f.pending != "" {
		b.Notices = append(b.Notices, edgeNotice(f.pending))
	}
	if f.diskWhy != "" {
		b.Notices = append([]notice{diskNotice(f.diskWhy, f.diskSince, c)}, b.Notices...)
	}
	return b
}

func (f siteFacts) stand(c clockface) stand {
	site := f.site
	s := stand{
		State: string(site.State), StateName: stateName(site.State),
		Text: siteWords(site, f.now, c.zone), Since: c.at(site.Since()),
		Steps: stepLine(site.State, site.Current.Times, c),
	}
	if site.State == release.Ready {
		return s
	}
	s.Release, s.ReleaseLink = site.Current.Number, releaseLink(site.Name, site.Current.Number)
	s.Note, s.RunURL = site.Current.Note, webLink(site.Current.Run.URL)
	s.Facts = []fact{{Name: "Serves", Text: plural(site.Current.Requests.Count, "request", "requests")}}
	if begun := begunAt(site.Current); !begun.IsZero() {
		s.Facts = append(s.Facts, fact{Name: "Running for", For: c.since(begun)})
	}
	if at := currentExpected(site, f.took, f.now); f.took > 0 && !at.IsZero() && site.State != release.Complete {
		s.Facts = append(s.Facts, fact{Name: "Expected live about", At: c.at(at)})
	}
	if f.took > 0 {
		s.Facts = append(s.Facts, fact{Name: "Usually takes", Text: tookSpan(f.took)})
	}
	return s
}

// begunAt is when a release was sent on its way.
func begunAt(r release.Release) time.Time {
	if r.Dispatch.Intended.IsZero() {
		return r.Times.Starting // a run that nobody dispatched
	}
	return r.Dispatch.Intended
}

// waits tell what keeps a release from starting, and until when.
func (f siteFacts) waits(c clockface) []fact {
	due := f.site.DispatchDue(f.now)
	if due.Why == release.DueNothing {
		return nil
	}
	facts := []fact{{Name: "Waiting for", Text: dueWords(due)}, {Name: "First asked", At: c.at(f.site.Current.Requests.First)}}
	if due.At.IsZero() {
		return append(facts, fact{Name: "Until", Text: "somebody acts"})
	}
	return append(facts, fact{Name: "Until", At: c.at(due.At)})
}

func dueWords(due release.Due) string {
	switch due.Why {
	case release.DueGrouping:
		return "further changes, which may join"
	case release.DueRetry:
		return "the time to try again"
	case release.DueFreeze:
		return "the end of the freeze"
	case release.DuePause:
		return "the end of the pause"
	case release.DueHold:
		return "a new request, or an operator"
	case release.DueNothing:
	}
	return ""
}

// lists are the requests that are not live yet, by what they wait for.
func (f siteFacts) lists(c clockface) []requestList {
	var out []requestList
	if n := f.site.Current.Number; n != 0 {
		title := fmt.Sprintf("In release #%d", n)
		if f.site.State == release.Requested {
			title = fmt.Sprintf("Waiting for release #%d to start", n)
		}
		out = append(out, f.list("current", title, f.current, f.site.Current.Requests.Count, c))
	}
	if len(f.waiting) > 0 {
		out = append(out, f.list("waiting", "Waiting for the release after it", f.waiting, f.site.Waiting.Count, c))
	}
	if len(f.scheduled) > 0 {
		some := f.scheduled[:min(len(f.scheduled), shownRequests)]
		l := f.list("scheduled", "Scheduled", some, int64(len(some)), c)
		l.Others = len(f.scheduled) > len(some)
		out = append(out, l)
	}
	return out
}

func (f siteFacts) list(id, title string, requests []ledger.Request, total int64, c clockface) requestList {
	l := requestList{ID: id, Title: title, More: max(0, total-int64(len(requests)))}
	for _, r := range requests {
		l.Rows = append(l.Rows, f.row(r, c))
	}
	return l
}

func (f siteFacts) row(r ledger.Request, c clockface) requestRow {
	fate := ledger.Fate{Standing: f.site.Standing(r.Place)}
	return requestRow{
		Link: requestLink(r.ID), Who: asker(r), What: whatOf(r), Edit: webLink(r.Link), Since: c.at(r.AcceptedAt),
		Expected: c.at(expectedAt(f.site, r, fate, f.took, f.now)), Due: dueMoment(r, fate, c),
	}
}

func dueMoment(r ledger.Request, fate ledger.Fate, c clockface) *moment {
	if fate.Standing != release.Scheduled {
		return nil
	}
	return c.at(r.NotBefore)
}

// asker is who asked, in words when there is no name.
func asker(r ledger.Request) string {
	if r.Actor != "" {
		return r.Actor
	}
	return sourceWords(r.Source)
}

// whatOf is what a request is about: the content's title, or the reason.
func whatOf(r ledger.Request) string {
	switch {
	case r.Title != "":
		return r.Title
	case r.Reason != "":
		return r.Reason
	case r.Entity != "":
		return r.Entity
	}
	return "A release, asked for by " + sourceWords(r.Source)
}
