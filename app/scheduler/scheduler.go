package app

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// desk is what makes time pass for the sites: it ticks each one when it is
// due, at once and not on a minute's beat, and has the outbox carried out.
type desk struct {
	app   *App
	grace time.Duration
	tasks sync.WaitGroup
	mu    sync.Mutex
	busy  map[int64]bool // tasks under way
	freed chan struct{}  // a task ended
}

const (
	// deskPause is the least time between two rounds: a burst of requests
	// must not keep the desk reading.
	deskPause = 5 * time.Millisecond
	// deskPatience is how long the desk waits after an error, or when a tick
	// that was due changed nothing.
	deskPatience = time.Second
	// clockLook is how often the desk looks whether the machine's clock was set.
	clockLook = time.Minute
)

func newDesk(a *App, grace time.Duration) *desk {
	if grace == 0 {
		grace = 2 * time.Minute
	}
	return &desk{app: a, grace: grace, busy: map[int64]bool{}, freed: make(chan struct{}, 1)}
}

// start catches up with what happened while the app was away, then begins.
func (d *desk) start(ctx context.Context) error {
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	d.tasks.Go(d.run)
	if d.app.github.wanted {
		d.tasks.Go(d.app.github.tend)
		d.tasks.Go(d.app.github.showDeployments)
		d.tasks.Go(d.app.github.keepGates)
	}
	return nil
}

// wait returns when the desk and all its tasks have ended, which they do once
// the app's stop is called.
func (d *desk) wait() { d.tasks.Wait() }

func (d *desk) run() {
	for {
		changed := d.app.ledger.Changed()
		next := d.round(d.app.stop)
		if !d.rest(changed, max(time.Until(next), deskPause)) {
			return
		}
	}
}

// rest waits until something happens or a span has passed; false when the app
// stops. A clock that is set meanwhile ends it too.
func (d *desk) rest(changed <-chan struct{}, span time.Duration) bool {
	since, timer, look := time.Now(), time.NewTimer(span), time.NewTicker(clockLook)
	defer timer.Stop()
	defer look.Stop()
	for {
		select {
		case <-d.app.stop.Done():
			return false
		case <-changed:
			d.breathe()
			return true
		case <-d.freed:
			return true
		case <-timer.C:
			return true
		case <-look.C:
			now := time.Now()
			if clockWasSet(now.Round(0).Sub(since.Round(0)), now.Sub(since)) {
				return true
			}
		}
	}
}

// clockWasSet compares how much time went by for people and for timers. Timers
// know neither of a clock that is set nor of a machine that slept: what is due
// would be begun as late as that.
func clockWasSet(byClock, byTimer time.Duration) bool {
	return (byClock - byTimer).Abs() > deskPatience
}

// breathe keeps rounds apart under load.
func (d *desk) breathe() {
	select {
	case <-time.After(deskPause):
	case <-d.app.stop.Done():
	}
}

// round does what is due and tells when the next thing is.
func (d *desk) round(ctx context.Context) time.Time {
	next := time.Now().Add(time.Hour)
	for _, name := range d.app.ledger.SiteNames() {
		at, err := d.visit(ctx, name)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				d.app.disk.Note(err)
				d.app.log.Error("a site can't be tended", "site", name, "error", err)
			}
			at = time.Now().Add(deskPatience)
		}
		next = soonest(next, at)
	}
	return soonest(next, d.collect(ctx))
}

// visit ticks a site if it is due. It returns when the site is due next, zero
// for never.
func (d *desk) visit(ctx context.Context, name string) (time.Time, error) {
	site, err := d.app.ledger.Site(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	due := dueAt(site)
	if due.IsZero() || due.After(ledger.Now()) {
		return due, nil
	}
	site, err = d.app.ledger.Tick(ctx, name, rand.Text())
	if err != nil {
		return time.Time{}, err
	}
	due = dueAt(site)
	if !due.IsZero() && !due.After(ledger.Now()) {
		return time.Now().Add(deskPatience), nil
	}
	return due, nil
}

// dueAt is when a site needs a tick, zero for never.
func dueAt(site release.Site) time.Time {
	due := site.NextTick(ledger.Now())
	if due.IsZero() || (!site.Scheduled.IsZero() && site.Scheduled.Before(due)) {
		return site.Scheduled
	}
	return due
}

func soonest(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// collect begins the tasks of the outbox that are due, each on its own, and
// tells when the next one is.
func (d *desk) collect(ctx context.Context) time.Time {
	due, next, err := d.app.ledger.Tasks(ctx)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			d.app.log.Error("the outbox can't be read", "error", err)
		}
		return time.Now().Add(deskPatience)
	}
	for _, task := range due {
		if d.begin(task) {
			d.tasks.Go(func() {
				defer d.end(task)
				d.carryOut(ctx, task)
			})
		}
	}
	return next
}

func (d *desk) begin(task ledger.Task) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[task.ID] {
		return false
	}
	d.busy[task.ID] = true
	return true
}

func (d *desk) end(task ledger.Task) {
	d.mu.Lock()
	delete(d.busy, task.ID)
	d.mu.Unlock()
	select {
	case d.freed <- struct{}{}:
	default:
	}
}
