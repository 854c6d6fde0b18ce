package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// drill is what is drilled.
type drill struct {
	schedules int
	seed      uint64
}

// perSite is how many schedules a site has; days how often the app is stopped.
const (
	perSite = 20
	days    = 5
)

// figures are what a drill comes to.
type figures struct {
	schedules, slots, missing, extra int
	crashes, jumps, lost             int
	answersLost, skipped             int
	wrong                            []string
}

// String is the last line of the drill.
func (f figures) String() string {
	return fmt.Sprintf("schedules=%d slots=%d missing=%d extra=%d crashes=%d jumps=%d lost_answers=%d nothing_to_do=%d called_again=%d",
		f.schedules, f.slots, f.missing, f.extra, f.crashes, f.jumps, f.lost, f.skipped, f.answersLost)
}

// run lives through some days, at the end of each of which the ledger is closed and
// opened again.
func (d drill) run(ctx context.Context, folder string) (figures, error) {
	sites, policies := map[string]*site{}, map[string]release.Policy{}
	for i := range max(1, d.schedules/perSite) {
		name := fmt.Sprint("site", i)
		one, err := newSite(name, rand.New(rand.NewPCG(d.seed, uint64(i))))
		if err != nil {
			return figures{}, err
		}
		sites[name], policies[name] = one, release.DefaultPolicy()
	}
	var found figures
	for range days {
		l, err := ledger.Open(ctx, sqlite.At(filepath.Join(folder, "pressrun.db")), ledger.Options{Sites: policies})
		if err != nil {
			return found, err
		}
		if err := errors.Join(liveAll(ctx, l, sites), l.Close()); err != nil {
			return found, err
		}
	}
	l, err := ledger.Open(ctx, sqlite.At(filepath.Join(folder, "pressrun.db")), ledger.Options{Sites: policies})
	if err != nil {
		return found, err
	}
	for _, name := range slices.Sorted(maps.Keys(sites)) {
		if err := found.compare(ctx, l, sites[name]); err != nil {
			return found, errors.Join(err, l.Close())
		}
	}
	return found, l.Close()
}

// liveAll lets all sites live through a day at once, so that they share commits.
func liveAll(ctx context.Context, l *ledger.Ledger, sites map[string]*site) error {
	var all sync.WaitGroup
	failed := make([]error, 0, len(sites))
	var mu sync.Mutex
	for _, s := range sites {
		all.Go(func() {
			if err := s.live(ctx, l); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// compare matches the slots of a site that were asked for with those that were due.
func (f *figures) compare(ctx context.Context, l *ledger.Ledger, s *site) error {
	const all = 1 << 40
	requests, err := l.Requests(ctx, s.name, 0, all, 1_000_000)
	if err != nil {
		return err
	}
	got := map[string]int{}
	for _, r := range requests {
		got[strings.TrimPrefix(r.Key, "schedule:")]++
	}
	for slot := range s.due {
		if got[slot] == 0 {
			f.missing++
			f.wrong = append(f.wrong, s.name+": nobody asked for "+slot)
		}
	}
	for slot, n := range got {
		if more := n - s.due[slot]; more > 0 {
			f.extra += more
			f.wrong = append(f.wrong, fmt.Sprintf("%s: asked %d times for %s, due %d times", s.name, n, slot, s.due[slot]))
		}
	}
	f.schedules, f.slots = f.schedules+len(s.all), f.slots+len(s.due)
	f.crashes, f.jumps, f.lost = f.crashes+s.crashes, f.jumps+s.jumps, f.lost+s.lost
	f.answersLost, f.skipped = f.answersLost+s.answersLost, f.skipped+s.skipped
	return nil
}

// slotKey names a slot as the ledger's key does after its prefix.
func slotKey(s calendar.Schedule, at time.Time) string {
	return s.Name + ":" + at.UTC().Format(time.RFC3339)
}
