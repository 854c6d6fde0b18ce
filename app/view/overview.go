package view

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// Overview is the view of all sites.
type Overview struct {
	Instant
	// Sites are in the order of their names.
	Sites []Site
	// Replicas are the processes on the ledger, in the order in which they began; none for
	// an app that has its ledger alone, or a reader who must not see them.
	Replicas []Replica
}

// allSites is the data of all sites, read by a fixed number of statements. All readers share
// it: they differ in which sites they may see, and in their languages.
type allSites struct {
	Instant
	sites    []release.Site // by name
	listed   []Listed       // the sites that are still configured
	metrics  map[string]string
	waits    map[string]slots.Wait
	took     map[string]when.Took
	replicas []ledger.Replica
}

// Sites reads those of the sites that a filter lets through, and the replicas if they are
// asked for.
func (r *Reader) Sites(ctx context.Context, seen func(name string) bool, replicas bool) (Overview, error) {
	all, err := readAllSites(ctx, r)
	if err != nil {
		return Overview{}, err
	}
	return overview(ctx, r, all, seen, replicas), nil
}

// Listed is a site in the list of all: the properties by which it is found there.
type Listed struct {
	Name, Title, URL string
	State            release.State
	Condition        Condition
	Zone             *time.Location

	place int // the index in allSites.sites
}

// Listed is the site in the list of all.
func (v *Site) Listed() Listed {
	return Listed{Name: v.Name, Title: v.Title, URL: v.URL, State: v.State, Condition: v.Condition(), Zone: v.Zone}
}

// List is the list of all sites. The view of a site, which is large, is made by List.Site:
// most sites of the list are not shown.
type List struct {
	Instant
	// Sites are in the order of their names.
	Sites []Listed
	// Replicas are as in an Overview.
	Replicas []Replica

	all    *allSites
	reader *Reader
}

// Site is the view of a site of the list.
func (l *List) Site(ctx context.Context, one Listed) Site {
	return siteAt(ctx, l.reader, l.all, one.place)
}

// List lists those of the sites that a filter lets through, and the replicas if they are
// asked for. It is read once for all callers at the same time.
func (r *Reader) List(ctx context.Context, seen func(name string) bool, replicas bool) (*List, error) {
	all, err := r.allSites.Get(ctx, "", func(ctx context.Context) (*allSites, error) { return readAllSites(ctx, r) })
	if err != nil {
		return nil, err
	}
	l := &List{Instant: all.Instant, all: all, reader: r, Replicas: replicasSeen(r, all, replicas)}
	reader := AudienceOf(ctx)
	l.Sites = make([]Listed, 0, len(all.listed))
	for _, one := range all.listed {
		if seen(one.Name) {
			one.Zone = reader.zoneOf(r.sites[one.Name])
			l.Sites = append(l.Sites, one)
		}
	}
	return l, nil
}

func readAllSites(ctx context.Context, r *Reader) (*allSites, error) {
	all := &allSites{took: map[string]when.Took{}}
	err := r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) (err error) {
		if all.sites, err = s.Sites(ctx); err != nil {
			return err
		}
		if all.Instant, err = instantOf(ctx, s, r.now()); err != nil {
			return err
		}
		if all.metrics, err = s.LiveMetrics(ctx, all.sites); err != nil {
			return err
		}
		waits := false
		for _, site := range all.sites {
			waits = waits || site.WaitsForSlot(all.Now)
			all.took[site.Name] = r.usual.Of(site, func() when.Took { return when.Learn(ctx, r.log, s, site.Name) })
		}
		if waits {
			if all.waits, err = s.SlotWaits(ctx, all.Now); err != nil {
				return err
			}
		}
		if r.ledger.Shared() {
			all.replicas, err = s.Replicas(ctx)
		}
		return err
	})
	for i, site := range all.sites {
		if !r.closed[site.Name].Gone {
			v := siteAt(ctx, r, all, i)
			one := v.Listed()
			one.place = i
			all.listed = append(all.listed, one)
		}
	}
	return all, err
}

// overview is the view of all sites for a reader.
func overview(ctx context.Context, r *Reader, all *allSites, seen func(name string) bool, replicas bool) Overview {
	o := Overview{Instant: all.Instant, Sites: make([]Site, 0, len(all.listed)), Replicas: replicasSeen(r, all, replicas)}
	for _, one := range all.listed {
		if seen(one.Name) {
			o.Sites = append(o.Sites, siteAt(ctx, r, all, one.place))
		}
	}
	return o
}

// siteAt is the view of the site at an index.
func siteAt(ctx context.Context, r *Reader, all *allSites, place int) Site {
	v := r.Decided(ctx, all.sites[place])
	v.Instant, v.Took = all.Instant, all.took[v.Name]
	if metrics := all.metrics[v.Name]; metrics != "" {
		v.Pending = pendingWords(v.Language, ledger.Release{Metrics: metrics})
	}
	if v.WaitsForSlot(v.Now) {
		v.Slot = all.waits[v.Name]
	}
	return v
}

func replicasSeen(r *Reader, all *allSites, asked bool) []Replica {
	if !asked || !r.ledger.Shared() {
		return nil
	}
	return replicasOf(all.replicas, r.ledger.Self(), r.now())
}
