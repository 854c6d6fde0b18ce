package year

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// figures are what the drill counts.
type figures struct {
	mu sync.Mutex

	requests, releases, events, answers           int
	outcomes                                      map[release.Outcome]int
	fates                                         map[fate]int
	dispatches                                    map[answer]int
	retried, held, reruns, repeats, turnedAway    int
	orphans, leaseRefused, olderRefused, refusals int
	lost, overlaps, backwards, stuck, wrong       int
	breaches, restarts, rollbacks, gone           int
	slots, continuous, missingSlots, extraSlots   int
	waits                                         []time.Duration
	maxIdle, maxUnnoticed, maxVanished            time.Duration
	ranges                                        rangeFigures
}

func (f *figures) count(n *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*n++
}

func (f *figures) total(n *int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *n
}

func (f *figures) fate(what fate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fates == nil {
		f.fates = map[fate]int{}
	}
	f.fates[what]++
}

func (f *figures) dispatch(how answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dispatches == nil {
		f.dispatches = map[answer]int{}
	}
	f.dispatches[how]++
}

func (f *figures) waited(d time.Duration) { f.waits = append(f.waits, d) }

func (f *figures) ended(r ledger.Release) {
	if f.outcomes == nil {
		f.outcomes = map[release.Outcome]int{}
	}
	f.releases++
	f.outcomes[r.Outcome]++
	if r.Retry != 0 {
		f.retried++
	}
}

func (f *figures) idle(d time.Duration, retry bool) {
	if !retry {
		f.maxIdle = max(f.maxIdle, d)
	}
}

func (f *figures) unnoticed(d time.Duration, lost bool) {
	if lost {
		f.maxVanished = max(f.maxVanished, d)
		return
	}
	f.maxUnnoticed = max(f.maxUnnoticed, d)
}

// perSecond is how many days went by in a second of CPU time, 0 where that is
// not known.
func perSecond(days int, cpu time.Duration) float64 {
	if cpu <= 0 {
		return 0
	}
	return float64(days) / cpu.Seconds()
}

// print writes a table for people and, last, the line of key=value pairs.
func (f *figures) print(out io.Writer, days int, seed int64, wall, cpu time.Duration) {
	fmt.Fprintln(out, "\nhow runs went:")
	for _, what := range fates {
		fmt.Fprintf(out, "  %-36s %6d\n", what.what, f.fates[what.what])
	}
	fmt.Fprintln(out, "how the platform took dispatches:")
	for _, how := range answers {
		fmt.Fprintf(out, "  %-36s %6d\n", how.what, f.dispatches[how.what])
	}
	slices.Sort(f.waits)
	at := func(share float64) time.Duration {
		if len(f.waits) == 0 {
			return 0
		}
		return f.waits[int(share*float64(len(f.waits)-1))]
	}
	fmt.Fprintf(out, "runs turned away %d, re-runs %d, keys sent again %d, orphaned runs %d (refused by the lease %d, as older %d), events %d, answers checked %d\n",
		f.turnedAway, f.reruns, f.repeats, f.orphans, f.leaseRefused, f.olderRefused, f.events, f.answers)
	fmt.Fprintf(out, "days=%d seed=%d requests=%d releases=%d succeeded=%d failed=%d cancelled=%d stale=%d superseded=%d retried=%d held=%d restarts=%d rollbacks=%d no_longer_live=%d "+
		"slots=%d continuous=%d missing_slots=%d extra_slots=%d "+
		"live_p50_minutes=%.0f live_p99_minutes=%.0f live_max_hours=%s max_wait_seconds=%.0f max_unnoticed_minutes=%.1f "+
		"ranges=%d range_held_percent=%.1f range_narrow_percent=%.1f late=%d late_untold=%d "+
		"lost=%d overlaps=%d backwards=%d stuck=%d untrue=%d days_per_cpu_second=%.1f cpu_seconds=%.1f wall_seconds=%.1f\n",
		days, seed, f.requests, f.releases, f.outcomes[release.Succeeded], f.outcomes[release.Failed], f.outcomes[release.Cancelled],
		f.outcomes[release.Stale], f.outcomes[release.Superseded], f.retried, f.held, f.restarts, f.rollbacks, f.gone,
		f.slots, f.continuous, f.missingSlots, f.extraSlots,
		at(0.5).Minutes(), at(0.99).Minutes(), hours(at(1)), f.maxIdle.Seconds(), f.maxUnnoticed.Minutes(),
		f.ranges.count, f.ranges.share(f.ranges.held), f.ranges.share(f.ranges.narrow), f.ranges.late, f.ranges.silent,
		f.lost, f.overlaps, f.backwards, f.stuck, f.wrong, perSecond(days, cpu), cpu.Seconds(), wall.Seconds())
}
