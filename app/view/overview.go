package view

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// Overview is what is told of all sites.
type Overview struct {
	Instant
	// Sites are by name.
	Sites []Site
	// Replicas are the processes on the ledger, the one that began first before the
	// others; none for one that has its ledger alone, or who must not see them.
	Replicas []Replica
}

// roll is what is read of all sites, by few statements however many they are. It is nobody's
// in particular: readers differ in what they see of it, and in their words.
type roll struct {
	Instant
	sites    []release.Site // by name
	listed   []Listed       // those that are configured still
	metrics  map[string]string
	waits    map[string]slots.Wait
	took     map[string]when.Took
	replicas []ledger.Replica
}

// Sites reads those of the sites that a filter lets through, and the replicas if they are
// asked for.
func (r *Reader) Sites(ctx context.Context, seen func(name string) bool, replicas bool) (Overview, error) {
	all, err := readRoll(ctx, r)
	if err != nil {
		return Overview{}, err
	}
	return overview(ctx, r, all, seen, replicas), nil
}

// Listed is as much of a site as it is found by in the list of all.
type Listed struct {
	Name, Title, URL string
	State            release.State
	Condition        Condition
	Zone             *time.Location

	place int // in the roll
}

// Listed is the site in the list of all.
func (v *Site) Listed() Listed {
	return Listed{Name: v.Name, Title: v.Title, URL: v.URL, State: v.State, Condition: v.Condition(), Zone: v.Zone}
}

// List is the list of all sites. What is shown of one is made when it is asked for: most
// are not shown, and a view is large.
type List struct {
	Instant
	// Sites are by name.
	Sites []Listed
	// Replicas are as in an Overview.
	Replicas []Replica

	roll   *roll
	reader *Reader
}

// Site is what is shown of a site of the list.
func (l *List) Site(ctx context.Context, one Listed) Site {
	return rolled(ctx, l.reader, l.roll, one.place)
}

// List lists those of the sites that a filter lets through, and the replicas if they are
// asked for. It is read once for all who ask at once.
func (r *Reader) List(ctx context.Context, seen func(name string) bool, replicas bool) (*List, error) {
	all, err := r.rolls.Get(ctx, "", func(ctx context.Context) (*roll, error) { return readRoll(ctx, r) })
	if err != nil {
		return nil, err
	}
	l := &List{Instant: all.Instant, roll: all, reader: r, Replicas: replicasSeen(r, all, replicas)}
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

func readRoll(ctx context.Context, r *Reader) (*roll, error) {
	all := &roll{took: map[string]when.Took{}}
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
			v := rolled(ctx, r, all, i)
			one := v.Listed()
			one.place = i
			all.listed = append(all.listed, one)
		}
	}
	return all, err
}

// overview is what a reader sees of a roll.
func overview(ctx context.Context, r *Reader, all *roll, seen func(name string) bool, replicas bool) Overview {
	o := Overview{Instant: all.Instant, Sites: make([]Site, 0, len(all.listed)), Replicas: replicasSeen(r, all, replicas)}
	for _, one := range all.listed {
		if seen(one.Name) {
			o.Sites = append(o.Sites, rolled(ctx, r, all, one.place))
		}
	}
	return o
}

// rolled is the view of a site of a roll.
func rolled(ctx context.Context, r *Reader, all *roll, place int) Site {
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

func replicasSeen(r *Reader, all *roll, asked bool) []Replica {
	if !asked || !r.ledger.Shared() {
		return nil
	}
	return replicasOf(all.replicas, r.ledger.Self(), r.now())
}
