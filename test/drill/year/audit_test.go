package year

import (
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// tale is what the audit trail tells of a site, read from its first event on.
type tale struct {
	world *world
	name  string

	state   release.State
	number  int64
	entered time.Time
	began   map[int64]time.Time // when the run of a release was known
	// stops are the times when something kept the site from dispatching.
	stops  []span
	pauses int
	held   bool
	frozen int
	failed bool // the release before ended badly
}

// states that an event of the trail means.
var entering = map[string]release.State{
	release.KindOpened: release.Requested, release.KindDispatched: release.Dispatched, release.KindStarting: release.Starting,
	release.KindInProgress: release.InProgress, release.KindComplete: release.Complete, release.KindEnded: release.Ready,
}

// checkAudit reads the audit trail: it has no gap, tells of every request and
// act, and leads through allowed transitions only.
func (w *world) checkAudit() map[string]*tale {
	tales := map[string]*tale{}
	for name := range w.sites {
		t := &tale{world: w, name: name, state: release.Ready, began: map[int64]time.Time{}}
		tales[name] = t
	}
	requests, acts := map[string]int{}, map[act]int{}
	last := ledger.Event{}
	for {
		events, err := w.server.now().Ledger().Events(w.ctx, "", last.ID, 10_000)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range events {
			if e.ID != last.ID+1 || e.At.Before(last.At) {
				w.broken(&w.figures.wrong, "the audit trail goes from event %d of %s to %d of %s", last.ID, last.At, e.ID, e.At)
			}
			last = e
			if e.Kind == ledger.KindAccepted || e.Kind == ledger.KindScheduled {
				requests[e.Request]++
				continue
			}
			acts[act{e.Site, e.Kind, e.Why}]++
			tales[e.Site].hear(e)
		}
		if len(events) == 0 {
			break
		}
	}
	w.figures.events = int(last.ID)
	w.checkTold(requests, acts)
	return tales
}

// checkTold looks for every request and every operator's act in the trail.
func (w *world) checkTold(requests map[string]int, acts map[act]int) {
	for _, one := range w.asked {
		if n := requests[one.id]; n != 1 {
			w.broken(&w.figures.wrong, "the audit trail tells %d times that request %s was accepted", n, one.id)
		}
	}
	for _, a := range w.acts {
		if a.why != "" && acts[a] == 0 {
			w.broken(&w.figures.wrong, "the audit trail does not tell of %+v", a)
		}
	}
}

// hear takes the next event of the site.
func (t *tale) hear(e ledger.Event) {
	t.stop(e)
	if e.Kind == release.KindDispatching {
		t.dispatched(e)
		return
	}
	to, ok := entering[e.Kind]
	if !ok {
		return
	}
	if t.state == release.Requested && to != release.Requested {
		t.dispatched(e)
	}
	if !t.mayGo(e, to) {
		t.world.broken(&t.world.figures.wrong, "%s: event %d leads from %s of #%d to %s of #%d", t.name, e.ID, t.state, t.number, to, e.Release)
	}
	switch to {
	case release.Ready:
		t.failed = e.Why != string(release.Succeeded)
	case release.Dispatched, release.Starting:
		t.began[e.Release] = e.At
	case release.Requested, release.InProgress, release.Complete:
	}
	t.state, t.number, t.entered = to, e.Release, e.At
}

// mayGo says whether the trail may go on with a state: by the table, by an
// ending, by a run that nobody dispatched, or by a re-run.
func (t *tale) mayGo(e ledger.Event, to release.State) bool {
	if e.Kind == release.KindOpened {
		return t.state == release.Ready && e.Release == t.number+1
	}
	if e.Release != t.number {
		return false
	}
	switch to {
	case release.Ready:
		return t.state != release.Ready
	case release.Starting:
		return t.state != release.Ready && t.state != release.Complete
	case release.Requested, release.Dispatched, release.InProgress, release.Complete:
	}
	return release.Transition(t.state, to) == release.OK
}

// grouping is how long a release may wait for further requests: the default
// maximum wait. retrying is the longest wait before a retry.
const (
	grouping = time.Minute
	retrying = 15 * time.Minute
)

// dispatched ends the wait of a release: everything beyond its grouping must be
// explained.
func (t *tale) dispatched(e ledger.Event) {
	if t.state != release.Requested || t.entered.IsZero() {
		return
	}
	waited := e.At.Sub(t.entered) - within(t.stops, t.entered, e.At) - within(t.world.server.away, t.entered, e.At)
	bound := grouping
	if t.failed {
		bound = retrying
	}
	t.world.figures.idle(waited, t.failed)
	if waited > bound+slack {
		t.world.broken(&t.world.figures.stuck, "%s #%d waited for %s without a reason until %s", t.name, e.Release, waited, e.At)
	}
	t.entered = time.Time{}
}

// stop follows what keeps the site from dispatching.
func (t *tale) stop(e ledger.Event) {
	before := t.stopped()
	switch e.Kind {
	case release.KindPaused:
		t.pauses = 1
	case release.KindResumed:
		t.pauses = 0
	case release.KindFrozen:
		t.frozen++
	case release.KindThawed:
		t.frozen--
	case release.KindHeld:
		t.held = true
		t.world.figures.count(&t.world.figures.held)
	case release.KindRollback: // goes at once, whatever holds others back
		t.held = false
	case release.KindHoldLifted, release.KindRetry, release.KindLetPass, release.KindReset, release.KindStarting:
		t.held = false
	}
	switch after := t.stopped(); {
	case after && !before:
		t.stops = append(t.stops, span{from: e.At})
	case before && !after:
		t.stops[len(t.stops)-1].to = e.At
	}
}

func (t *tale) stopped() bool { return t.pauses > 0 || t.frozen > 0 || t.held }
