package view

import (
	"context"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// Overview is what the list of sites shows.
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
	metrics  map[string]string
	waits    map[string]slots.Wait
	took     map[string]when.Took
	replicas []ledger.Replica
}

// Sites reads those of the sites that a filter lets through, and the replicas if they are
// asked for.
func (r *Reader) Sites(ctx context.Context, seen func(name string) bool, replicas bool) (Overview, error) {
	all, err := r.readRoll(ctx)
	if err != nil {
		return Overview{}, err
	}
	return r.overview(ctx, all, seen, replicas), nil
}

// SharedSites is Sites, read once for all who ask at once.
func (r *Reader) SharedSites(ctx context.Context, seen func(name string) bool, replicas bool) (Overview, error) {
	all, err := r.rolls.Get(ctx, "", r.readRoll)
	if err != nil {
		return Overview{}, err
	}
	return r.overview(ctx, all, seen, replicas), nil
}

func (r *Reader) readRoll(ctx context.Context) (*roll, error) {
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
	return all, err
}

// overview is what a reader sees of a roll.
func (r *Reader) overview(ctx context.Context, all *roll, seen func(name string) bool, replicas bool) Overview {
	o := Overview{Instant: all.Instant, Sites: make([]Site, 0, len(all.sites))}
	for _, site := range all.sites {
		if !seen(site.Name) || r.closed[site.Name].Gone {
			continue
		}
		v := r.Decided(ctx, site)
		v.Instant, v.Took = all.Instant, all.took[site.Name]
		if metrics := all.metrics[site.Name]; metrics != "" {
			v.Pending = pendingWords(v.Language, ledger.Release{Metrics: metrics})
		}
		if v.WaitsForSlot(v.Now) {
			v.Slot = all.waits[site.Name]
		}
		o.Sites = append(o.Sites, v)
	}
	if replicas && r.ledger.Shared() {
		o.Replicas = replicasOf(all.replicas, r.ledger.Self(), r.now())
	}
	return o
}
