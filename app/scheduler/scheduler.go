package scheduler

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/app/timetable"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/internal/sleep"
)

// Runner carries the releases out that the scheduler dispatches.
type Runner interface {
	runner.Runner
	// Remote says whether the runs of a site are looked up over a network: Start does
	// not wait for the answers.
	Remote(site string) bool
}

// Ledger is what the scheduler needs of a *ledger.Ledger.
type Ledger interface {
	Changes() *ledger.Changes
	SiteNames() []string
	Site(ctx context.Context, name string) (release.Site, error)
	Tick(ctx context.Context, site, token string) (release.Site, error)
	GiveSlots(ctx context.Context, token func() string) (started []string, err error)
	Decide(ctx context.Context, site string, event release.Event) (release.Site, error)
	Answer(ctx context.Context, task ledger.Task, event release.Event) (release.Site, error)
}

// Outbox has the effects that the rules decided, as tasks.
type Outbox interface {
	TasksBut(ctx context.Context, underWay func(id int64) bool) (due []ledger.Task, next time.Time, err error)
	Start(ctx context.Context, task ledger.Task) error
	Postpone(ctx context.Context, task ledger.Task, until time.Time) error
	Drop(ctx context.Context, task ledger.Task) error
	// Claim and Renew keep a task from other replicas for a ledger.Lease.
	Claim(ctx context.Context, task ledger.Task) (claimed ledger.Task, ok bool, err error)
	Renew(ctx context.Context, task ledger.Task) (ok bool, err error)
}

// Fingerprints reads the fingerprints of sites' content, which differ when it has changed.
type Fingerprints interface {
	Fingerprint(ctx context.Context, site string) (string, error)
}

// Options are what New needs.
type Options struct {
	Ledger Ledger
	Outbox Outbox
	// Looks keeps how far the sites' schedules were looked at.
	Looks timetable.Ledger
	// Publisher has CMSs publish their due content before slots; may be nil.
	Publisher timetable.Publisher
	// Fingerprints may be nil.
	Fingerprints Fingerprints
	Runner       Runner
	Log          *slog.Logger
	// NewJob makes the runner's job for a dispatch.
	NewJob func(site string, dispatch release.SendDispatch) runner.Job
	// Failed is called with errors of the ledger, which may tell of a full disk; may be
	// nil.
	Failed func(error)
	// Schedules are those of each site.
	Schedules map[string][]calendar.Schedule
	// Grace bounds how long a dispatch of unknown outcome is looked for before
	// it is sent again, for runners that can't be sure; 0 means 2 minutes.
	Grace time.Duration
	// Replicas is nil for a server that has its ledger alone.
	Replicas *Replicas
}

// Scheduler ticks each site at the instant when it is due, and has its worker carry out the
// tasks of the outbox.
type Scheduler struct {
	ledger Ledger
	runner Runner
	log    *slog.Logger
	failed func(error)
	inbox  *Inbox
	worker *worker
	stop   context.Context //nolint:containedctx // the life of the server
	tasks  sync.WaitGroup

	schedules map[string][]calendar.Schedule

	// Of the goroutine that makes the rounds:
	due   map[string]time.Time // when a site needs a tick, zero for never
	fetch time.Time            // when the outbox is to be read, zero for never
	line  line
	clock clock
	table *timetable.Timetable

	replicas *Replicas
	// duty is nil while another replica looks at the schedules; begunFor is the duty for
	// which the table was begun.
	duty     atomic.Pointer[duty]
	begunFor *duty

	// lastAlive is when the goroutine that makes the rounds was seen alive last.
	lastAlive atomic.Pointer[time.Time]

	freed chan struct{} // a task ended

	// draining is closed when Drain is called, over when the rounds have ended.
	draining chan struct{}
	over     chan struct{}
}

const (
	// pause is the least time between two rounds, so that a burst of requests does not
	// cause a round each.
	pause = 5 * time.Millisecond
	// retryWait is the wait after an error, or when a tick that was due changed
	// nothing.
	retryWait = time.Second
	// longest is the longest wait between two rounds.
	longest = time.Hour
	// besideReplicas is the longest wait beside other replicas.
	besideReplicas = ledger.Lease / 3
)

// New makes a Scheduler that lives until stop ends. It does nothing before Start.
func New(stop context.Context, o Options) *Scheduler {
	if o.Grace == 0 {
		o.Grace = 2 * time.Minute
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	s := &Scheduler{
		ledger: o.Ledger, runner: o.Runner, log: o.Log, failed: o.Failed, inbox: NewInbox(stop, o.Ledger, o.Log), stop: stop,
		schedules: o.Schedules, table: timetable.New(o.Looks, o.Publisher, ledger.Now),
		replicas: o.Replicas, due: map[string]time.Time{}, line: newLine(), freed: make(chan struct{}, 1),
		draining: make(chan struct{}), over: make(chan struct{}),
	}
	s.worker = &worker{
		ledger: o.Ledger, outbox: o.Outbox, runner: o.Runner, log: o.Log, newJob: o.NewJob, grace: o.Grace,
		fingerprints: o.Fingerprints, stop: stop, replicas: o.Replicas, ended: s.wakeUp, busy: map[int64]bool{},
	}
	return s
}

// Start catches up with what happened while the server was away, then begins.
func (s *Scheduler) Start(ctx context.Context) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if s.replicas == nil {
		if err := s.table.Begin(ctx, s.schedules); err != nil {
			return err
		}
		s.begunFor = &duty{s.stop}
		s.duty.Store(s.begunFor)
	} else {
		s.tasks.Go(func() { s.replicas.Duties.Run(s.stop, "schedules", s.lookAtSchedules) })
	}
	s.noteAlive()
	s.tasks.Go(s.run)
	return nil
}

// LastAlive is when the scheduler was seen alive last: at each round, and every minute
// between two. It is zero before Start.
func (s *Scheduler) LastAlive() time.Time {
	if at := s.lastAlive.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// noteAlive notes that the scheduler is alive.
func (s *Scheduler) noteAlive() {
	at := time.Now()
	s.lastAlive.Store(&at)
}

// Wait returns when the scheduler and all its tasks have ended, which they do
// once the context of New ends.
func (s *Scheduler) Wait() {
	s.tasks.Wait()
	s.worker.tasks.Wait()
	s.table.Wait()
}

// wake is why a round is made.
type wake int

const (
	byChange wake = iota
	byTask        // a task ended: it may be due again, if it was left in the outbox
	byAnswer      // a call before a slot ended
	byTime
	byClock // the clock was set: all sites are visited
	byEnd
)

func (s *Scheduler) run() {
	defer close(s.over)
	changes := s.ledger.Changes()
	defer changes.Close()
	s.clock.wasSet(time.Now())
	for why := byClock; why != byEnd; {
		began := time.Now()
		next := s.round(s.stop, changes.Take(), why)
		s.noteAlive()
		why = s.rest(changes.Ready(), max(next.Sub(ledger.Now()), pause), began.Add(pause))
	}
}

// rest waits until something happens or a span has passed. A change wakes it no sooner
// than at an instant. A clock that is set meanwhile ends it too.
func (s *Scheduler) rest(changed <-chan struct{}, span time.Duration, earliest time.Time) wake {
	timer, look := time.NewTimer(span), time.NewTicker(clockLook)
	defer timer.Stop()
	defer look.Stop()
	for {
		why := byTime
		select {
		case <-s.stop.Done():
			return byEnd
		case <-s.draining:
			return byEnd
		case <-changed:
			why = throttle(s.stop, time.Until(earliest))
		case <-s.freed:
			why = byTask
		case <-s.table.Answered():
			why = byAnswer
		case <-timer.C:
		case <-look.C:
			s.noteAlive()
			if !s.clock.wasSet(time.Now()) {
				continue
			}
			return byClock
		}
		if why != byEnd && s.clock.wasSet(time.Now()) {
			return byClock
		}
		return why
	}
}

// throttle waits for the rest of the pause after the last round: nothing when that was
// longer ago.
func throttle(stop context.Context, span time.Duration) wake {
	if sleep.For(stop, span) != nil {
		return byEnd
	}
	return byChange
}

// round visits the sites that changed or are due, gives slots, begins tasks, and tells when
// the next round is due.
func (s *Scheduler) round(ctx context.Context, change ledger.Change, why wake) time.Time {
	fresh, err := s.takeDuty()
	if err != nil && ctx.Err() == nil {
		s.log.Error("the schedules can't be begun", "error", err)
	}
	if fresh {
		why = byClock
	}
	for _, v := range s.visitAll(ctx, s.toVisit(change.Sites, why)) {
		s.take(ctx, v)
	}
	s.giveSlots(ctx)
	if s.worker.takeLeft() || change.Outbox || why == byClock || passed(s.fetch) {
		s.fetch = s.worker.collect(ctx)
	}
	next := soonest(soonest(ledger.Now().Add(s.longest()), s.fetch), s.line.look)
	for _, at := range s.due {
		next = soonest(next, at)
	}
	return next
}

// toVisit names the sites that changed or are due; all when the clock was set.
func (s *Scheduler) toVisit(changed []string, why wake) []string {
	if why == byClock {
		return s.ledger.SiteNames()
	}
	names := changed
	for name, at := range s.due {
		if !passed(at) && !s.table.HasAnswer(name) {
			continue
		}
		if _, found := slices.BinarySearch(changed, name); !found {
			names = append(names, name)
		}
	}
	return names
}

// passed says whether a time has come; zero never does.
func passed(at time.Time) bool { return !at.IsZero() && !at.After(ledger.Now()) }

// dueAt is when a site needs a tick, zero for never.
func dueAt(site release.Site) time.Time {
	due := site.NextTick(ledger.Now())
	if due.IsZero() || (!site.Scheduled.IsZero() && site.Scheduled.Before(due)) {
		return site.Scheduled
	}
	return due
}

// soonest is the earlier of two times; zero is never.
func soonest(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}
