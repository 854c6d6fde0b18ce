package view

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// Reader reads views.
type Reader struct {
	ledger *ledger.Ledger
	sites  map[string]config.Site
	// schedules are those of each site.
	schedules map[string][]calendar.Schedule
	log       *slog.Logger
	// unreachable says why a site's runner can't be given a release, "" if it can.
	unreachable func(site string) string
	// closed are the sites that are not served, and why.
	closed   map[string]config.Closed
	usual    when.Usual
	now      func() time.Time
	details  *ledger.Shared[detailKey, *SiteDetail]
	allSites *ledger.Shared[string, *allSites]
	// searches bounds the searches at a time: see searchesAtOnce.
	searches chan struct{}
}

// detailKey identifies a shared SiteDetail.
type detailKey struct {
	site, language string
	limits         Limits
}

// New makes a Reader of the sites of a configuration.
func New(l *ledger.Ledger, sites map[string]config.Site, schedules map[string][]calendar.Schedule, log *slog.Logger) *Reader {
	r := &Reader{ledger: l, sites: sites, schedules: schedules, log: log, now: ledger.Now, unreachable: func(string) string { return "" }}
	r.searches = make(chan struct{}, searchesAtOnce(l))
	shareNow := func() time.Time { return r.now() }
	r.details, r.allSites = ledger.Share[detailKey, *SiteDetail](l, shareNow), ledger.Share[string, *allSites](l, shareNow)
	return r
}

// searchesAtOnce bounds the searches of a ledger at a time. More searches than processors
// slow one another down, and so do two on SQLite: one after the other they were quicker
// (docs/performance.md).
func searchesAtOnce(l *ledger.Ledger) int {
	if l.Shared() {
		return runtime.GOMAXPROCS(0)
	}
	return 1
}

// Explain sets the reasons that views show: why a site's runner can't be given a release,
// and which sites are not served.
func (r *Reader) Explain(unreachable func(site string) string, closed map[string]config.Closed) {
	r.unreachable, r.closed = unreachable, closed
}

// Instant is when a view was read.
type Instant struct {
	Now time.Time
	// Event is the newest event of the audit trail then: later events are not in the view.
	// 0 for none, or for the view of a decision's result.
	Event int64
}

// instantOf is the instant of a snapshot, which begins with its first read.
func instantOf(ctx context.Context, s *ledger.Snapshot, now time.Time) (Instant, error) {
	at := Instant{Now: now}
	var err error
	at.Event, err = s.LastEvent(ctx)
	return at, err
}

// Site reads a site.
func (r *Reader) Site(ctx context.Context, name string) (v Site, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		v, err = siteOf(ctx, r, s, name)
		return err
	})
	return v, err
}

func siteOf(ctx context.Context, r *Reader, s *ledger.Snapshot, name string) (Site, error) {
	site, err := s.Site(ctx, name)
	if err != nil {
		return Site{}, err
	}
	return viewOf(ctx, r, s, site)
}

// viewOf is the view of a site that was read from the snapshot.
func viewOf(ctx context.Context, r *Reader, s *ledger.Snapshot, site release.Site) (Site, error) {
	v := r.Decided(ctx, site)
	var err error
	if v.Instant, err = instantOf(ctx, s, r.now()); err != nil {
		return v, err
	}
	if v.Pending, err = cdnPending(ctx, s, v); err != nil {
		return v, err
	}
	if v.Slot, err = slotOf(ctx, s, v); err != nil {
		return v, err
	}
	v.Took = r.usual.Of(site, func() when.Took { return when.Learn(ctx, r.log, s, site.Name) })
	return v, nil
}

// Decided is the view of a site as a decision left it, of the site's own state alone. It
// reads nothing: an error of a read would tell the caller that nothing was done.
func (r *Reader) Decided(ctx context.Context, site release.Site) Site {
	conf, reader := r.sites[site.Name], AudienceOf(ctx)
	v := Site{Site: site, Title: conf.Title, URL: conf.URL, Group: conf.Group, Closed: r.closed[site.Name], Zone: reader.zoneOf(conf), Language: reader.Language, Instant: Instant{Now: r.now()}, Unreachable: r.unreachable(site.Name)}
	if v.Title == "" {
		v.Title = site.Name
	}
	return v
}

// History reads the releases of a site that are numbered below before (0: all),
// newest first, with their askers and titles.
func (r *Reader) History(ctx context.Context, name string, limit int, before int64) (site Site, past []PastRelease, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if site, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		past, err = pastReleases(ctx, s, site, limit, before)
		return err
	})
	return site, past, err
}

// Changes are the changes that go out with the next release of a site, newest first.
func (r *Reader) Changes(ctx context.Context, name string, limit int) (all []ledger.PendingChange, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		site, err := s.Site(ctx, name)
		if err != nil {
			return err
		}
		all, err = s.PendingChanges(ctx, site, limit)
		return err
	})
	return all, err
}

// Request reads a request.
func (r *Reader) Request(ctx context.Context, id string) (v Request, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		site, asked, err := s.Request(ctx, id)
		if err != nil {
			return err
		}
		of, err := viewOf(ctx, r, s, site)
		v = of.request(asked.Request, asked.Resolution)
		return err
	})
	return v, err
}

// Accepted is the view of a request that was just accepted. It is made of the decision's
// result, unless the key was used before.
func (r *Reader) Accepted(ctx context.Context, t ledger.Accepted) (Request, error) {
	if t.Again {
		return r.Request(ctx, t.Request.ID)
	}
	of := r.Decided(ctx, t.Site)
	of.Took = r.usual.Of(t.Site, func() when.Took { return when.Learn(ctx, r.log, r.ledger, t.Site.Name) })
	return of.request(t.Request, of.resolutionOf(t.Request)), nil
}

// OpenRequests lists the requests that are not live yet, newest first, then the scheduled
// ones, the next first; at most limit of either.
func (r *Reader) OpenRequests(ctx context.Context, name string, limit int) (all []Request, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		site, open, err := s.OpenRequests(ctx, name, limit)
		if err != nil {
			return err
		}
		of, err := viewOf(ctx, r, s, site)
		if err != nil {
			return err
		}
		all = make([]Request, 0, len(open))
		for _, asked := range open {
			all = append(all, of.request(asked.Request, asked.Resolution))
		}
		return nil
	})
	return all, err
}

// Releases lists a site's releases, newest first, numbered below before (0: all).
func (r *Reader) Releases(ctx context.Context, name string, limit int, before int64) (all []Release, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		site, err := siteOf(ctx, r, s, name)
		if err != nil {
			return err
		}
		found, err := s.Releases(ctx, name, limit, before)
		if err != nil {
			return err
		}
		all = make([]Release, 0, len(found))
		for _, one := range found {
			all = append(all, site.release(one))
		}
		return nil
	})
	return all, err
}

// ReleaseDetail is a release with the requests that it served, newest first,
// and its events, oldest first. Both are bounded: see Shown.
type ReleaseDetail struct {
	Release
	Of       Site
	Requests []Request
	Events   []ledger.Event
}

// Shown bounds how many requests, and how many events, a ReleaseDetail lists.
const Shown = 200

// Release reads a release with the requests that it served.
func (r *Reader) Release(ctx context.Context, name string, number int64) (d ReleaseDetail, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if d.Of, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		found, err := s.Release(ctx, name, number)
		if err != nil {
			return err
		}
		d.Release = d.Of.release(found)
		if d.Requests, err = served(ctx, s, d.Of, found); err != nil {
			return err
		}
		d.Events, err = s.EventsOfRelease(ctx, name, number, Shown)
		return err
	})
	return d, err
}

// served are the requests of one release. They have one resolution: the release that takes up
// the requests of a failed one takes all of them.
func served(ctx context.Context, s *ledger.Snapshot, of Site, r ledger.Release) ([]Request, error) {
	found, err := s.Requests(ctx, r.Site, r.After, r.Upto, Shown)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	resolution := ledger.Resolution{Status: release.InRelease, Release: r.Number}
	if r.Number != of.Current.Number || r.Outcome != "" {
		_, asked, err := s.Request(ctx, found[0].ID)
		if err != nil {
			return nil, err
		}
		resolution = asked.Resolution
		resolution.Failed = nil // differs: the oldest may have been failed by more
	}
	out := make([]Request, 0, len(found))
	for _, one := range found {
		out = append(out, of.request(one, resolution))
	}
	return out, nil
}

// Begun are the requests that a run begins to build, newest first, at most limit. site is the
// site after the run's report.
func (r *Reader) Begun(ctx context.Context, site release.Site, limit int) ([]Request, error) {
	found, err := r.ledger.Requests(ctx, site.Name, site.Current.After, site.Current.Upto, limit)
	if err != nil {
		return nil, err
	}
	of := r.Decided(ctx, site)
	of.Took = r.usual.Of(site, func() when.Took { return when.Learn(ctx, r.log, r.ledger, site.Name) })
	return of.Requests(found), nil
}
