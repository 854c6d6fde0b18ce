package year

import (
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

const (
	// toldLate is how soon a late release is said to be late: 30 s, less the 10 s after
	// which a page that is open looks again.
	toldLate = 20 * time.Second
	// manyRanges is from how many on their share is a figure, and no luck.
	manyRanges = 100
)

// said is what the app said of a release when its build had begun: between which
// instants it goes live.
type said struct {
	site     *site
	release  int64
	from, to time.Time
	usual    time.Duration
}

// ranges are what was said of all releases.
type ranges struct {
	mu   sync.Mutex
	said []said
	// late counts the releases that were late, silent those that nobody was told of.
	late, silent int
}

// hear asks when the release goes live, as somebody does who looks at the site's page
// while it is built, and looks again once it is later than that.
func (r *run) hear() {
	w := r.world
	if r.job.RollbackTo != 0 || r.blind() {
		return
	}
	at, err := w.ops.Site(r.ctx, r.site.name)
	if err != nil || at.Expected == nil || at.State != release.InProgress || at.Current == nil || at.Current.Number != r.release {
		return
	}
	s := said{site: r.site, release: r.release, from: at.Expected.From, to: at.Expected.To, usual: time.Duration(at.UsualSeconds * float64(time.Second))}
	w.ranges.mu.Lock()
	w.ranges.said = append(w.ranges.said, s)
	w.ranges.mu.Unlock()
	w.crowd.Go(func() {
		if sleep(w.ctx, time.Until(s.to.Add(toldLate))) {
			w.lookWhetherLate(s)
		}
	})
}

// lookWhetherLate holds that a release which is later than was said is said to be late.
func (w *world) lookWhetherLate(s said) {
	at, err := w.ops.Site(w.ctx, s.site.name)
	switch {
	case err != nil || at.Current == nil || at.Current.Number != s.release || at.State == release.Complete:
		return // it is live, or over; or nobody can be asked
	case at.Expected != nil && at.Expected.To.After(s.to) || w.cancelling(s):
		return // its run began anew
	}
	w.ranges.mu.Lock()
	w.ranges.late++
	w.ranges.mu.Unlock()
	if at.LateSince == nil {
		w.broken(&w.ranges.silent, "%s #%d should have been live by %s, and is not said to be late", s.site.name, s.release, s.to)
	}
}

// cancelling says whether somebody has asked for the release to be stopped: nobody
// waits for it then.
func (w *world) cancelling(s said) bool {
	a := w.server.now()
	if a == nil {
		return true // it is just going away: nothing can be said
	}
	at, err := a.Ledger().Site(w.ctx, s.site.name)
	return err != nil || !at.Current.Cancel.At.IsZero()
}

// rangeFigures are the shares of releases of which the truth was said, and for whom it
// was said narrowly enough to be of use.
type rangeFigures struct {
	count, held, narrow int
	late, silent        int
}

func (f rangeFigures) share(n int) float64 { return 100 * float64(n) / float64(max(1, f.count)) }

// checkRanges compares what was said with what came.
func (w *world) checkRanges() {
	f := rangeFigures{late: w.ranges.late, silent: w.ranges.silent}
	for _, s := range w.ranges.said {
		r, err := w.server.now().Ledger().Release(w.ctx, s.site.name, s.release)
		if err != nil {
			w.t.Fatal(err)
		}
		live := r.Times.Complete
		if r.Outcome != release.Succeeded || live.IsZero() {
			continue
		}
		f.count++
		if !live.Before(s.from) && !live.After(s.to) {
			f.held++
		}
		if 2*s.to.Sub(s.from) <= s.usual {
			f.narrow++
		}
	}
	w.figures.ranges = f
	if f.count < manyRanges {
		return
	}
	if f.share(f.held) < 90 {
		w.t.Errorf("%d of %d releases went live when it was said: %.1f %%, where 90 are promised", f.held, f.count, f.share(f.held))
	}
	if f.share(f.narrow) < 50 {
		w.t.Errorf("what was said of %d of %d releases is no wider than half of the usual time: %.1f %%, where 50 are promised", f.narrow, f.count, f.share(f.narrow))
	}
	if f.late == 0 {
		w.t.Error("not one release was late")
	}
}
