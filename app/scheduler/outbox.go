package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/replicas"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

const (
	// lookAgain is the wait between two looks for a dispatch whose outcome is
	// not known.
	lookAgain = 2 * time.Second
	// callLimit bounds one call of the runner. Its outcome is stored however long the
	// call took.
	callLimit = 2 * time.Minute
	// maxCancels bounds how often a cancellation is tried at once; one that
	// somebody still waits for is then tried every cancelAgain.
	maxCancels  = 20
	cancelAgain = 30 * time.Second
)

// worker carries out the tasks of the outbox, each on a goroutine of its own.
type worker struct {
	ledger       Ledger
	outbox       Outbox
	runner       Runner
	log          *slog.Logger
	newJob       func(site string, dispatch release.SendDispatch) runner.Job
	grace        time.Duration
	fingerprints Fingerprints
	replicas     *Replicas
	stop         context.Context //nolint:containedctx // the life of the server
	ended        func()          // called at the end of each task
	tasks        sync.WaitGroup

	mu   sync.Mutex
	busy map[int64]bool // the tasks under way, and whether each is still in the outbox
	left bool           // a task has ended and is still in the outbox
}

// collect begins the tasks of the outbox that are due, each on its own, and
// tells when the next one is.
func (w *worker) collect(ctx context.Context) time.Time {
	due, next, err := w.outbox.TasksBut(ctx, w.underWay)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			w.log.Error("the outbox can't be read", "error", err)
		}
		return ledger.Now().Add(retryWait)
	}
	for _, task := range due {
		if w.replicas.mine(task.Site) && w.begin(task) {
			w.tasks.Go(func() {
				defer w.end(task)
				w.claimAndCarryOut(ctx, task)
			})
		}
	}
	if w.replicas != nil {
		next = soonest(next, ledger.Now().Add(besideReplicas))
	}
	return next
}

func (w *worker) underWay(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, busy := w.busy[id]
	return busy
}

func (w *worker) begin(task ledger.Task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, busy := w.busy[task.ID]; busy {
		return false
	}
	w.busy[task.ID] = true
	return true
}

// done notes that a task under way is no longer in the outbox.
func (w *worker) done(task ledger.Task) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy[task.ID] = false
}

func (w *worker) end(task ledger.Task) {
	w.mu.Lock()
	w.left = w.left || w.busy[task.ID]
	delete(w.busy, task.ID)
	w.mu.Unlock()
	w.ended()
}

// takeLeft says whether a task has ended since the last call and is still in the outbox.
// The outbox is read again for those tasks alone.
func (w *worker) takeLeft() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := w.left
	w.left = false
	return left
}

// drop ends a task that has no answer for the rules.
func (w *worker) drop(ctx context.Context, task ledger.Task) error {
	err := w.outbox.Drop(ctx, task)
	if err == nil {
		w.done(task)
	}
	return err
}

// claimAndCarryOut carries a task out, if no other replica does.
func (w *worker) claimAndCarryOut(ctx context.Context, task ledger.Task) {
	if w.replicas == nil {
		w.carryOut(ctx, task)
		return
	}
	asked := time.Now()
	task, ok, err := w.outbox.Claim(ctx, task)
	if err != nil && ctx.Err() == nil {
		w.log.Warn("a task can't be claimed", "site", task.Site, "error", err)
	}
	if !ok {
		return
	}
	err = replicas.Keep(task.Fenced(ctx), asked, func(ctx context.Context) (bool, error) { return w.outbox.Renew(ctx, task) },
		func(ctx context.Context) { w.carryOut(ctx, task) })
	if err != nil && ctx.Err() == nil {
		w.log.Warn("a task was given up under way; another replica goes on with it", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect), "error", err)
	}
}

// carryOut carries one task out. After an error the task stays in the outbox.
func (w *worker) carryOut(ctx context.Context, task ledger.Task) {
	if task.Unreadable != nil {
		w.log.Error("a task of another version of Pressrun is left for it", "site", task.Site, "error", task.Unreadable)
		w.postpone(ctx, task, time.Hour)
		return
	}
	var err error
	switch e := task.Effect.(type) {
	case release.SendDispatch:
		err = w.dispatch(ctx, task, e)
	case release.ReadFingerprint:
		err = w.readFingerprint(ctx, task, e)
	case release.LookUpRun:
		err = w.lookUp(ctx, task, e)
	case release.CancelRun:
		err = w.cancel(ctx, task, e)
	case release.Record, release.Closed:
		err = fmt.Errorf("a %T has no place in the outbox", e)
	}
	if errors.Is(err, ledger.ErrNoSite) {
		// The site was taken out of the configuration. Should it come back, its
		// deadlines have the rules ask anew.
		w.log.Warn("a task of a site that is no longer configured is dropped", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect))
		err = w.drop(ctx, task)
	}
	if err == nil || w.stop.Err() != nil || errors.Is(err, ledger.ErrTakenOver) || ctx.Err() != nil {
		return
	}
	w.log.Error("a task failed and is tried again", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect), "tries", task.Tries, "error", err)
	w.postpone(ctx, task, retryWait)
}

// bounded makes a call of the runner with a limit of its own.
func bounded[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return call(ctx)
}

func (w *worker) postpone(ctx context.Context, task ledger.Task, wait time.Duration) {
	err := w.outbox.Postpone(context.WithoutCancel(ctx), task, ledger.Now().Add(wait))
	if err != nil && !errors.Is(err, ledger.ErrTakenOver) {
		w.log.Error("a task can't be postponed", "site", task.Site, "error", err)
		time.Sleep(retryWait) // or the scheduler would begin it again at once
	}
}

// answer brings the outcome of a task before the rules. A refusal means that the outcome
// came too late, and the task is done all the same.
func (w *worker) answer(ctx context.Context, task ledger.Task, event release.Event) error {
	_, err := w.ledger.Answer(ctx, task, event)
	refusal, refused := errors.AsType[*release.Conflict](err)
	if err == nil || refused {
		w.done(task)
	}
	if refused {
		w.log.Debug("an answer came too late", "site", task.Site, "event", fmt.Sprintf("%T", event), "refusal", refusal.Text)
		return nil
	}
	return err
}

// readFingerprint has the fingerprint of a site's content read. A failure is an answer too;
// a read that the end of the server cut short is made again.
func (w *worker) readFingerprint(ctx context.Context, task ledger.Task, e release.ReadFingerprint) error {
	if w.fingerprints == nil {
		return w.answer(ctx, task, release.FingerprintRead{Release: e.Release, Why: "no fingerprint is configured"})
	}
	value, err := bounded(ctx, func(ctx context.Context) (string, error) { return w.fingerprints.Fingerprint(ctx, task.Site) })
	if err == nil {
		return w.answer(ctx, task, release.FingerprintRead{Release: e.Release, Value: value})
	}
	if w.stop.Err() != nil {
		return err
	}
	w.log.Warn("the fingerprint of the content can't be read", "site", task.Site, "release", e.Release, "error", err)
	return w.answer(ctx, task, release.FingerprintRead{Release: e.Release, Why: err.Error()})
}

// lookUp asks the runner for the state of a run. A failed lookup is dropped: the rules ask
// again while the run is silent.
func (w *worker) lookUp(ctx context.Context, task ledger.Task, e release.LookUpRun) error {
	event, err := bounded(ctx, func(ctx context.Context) (release.Event, error) {
		return w.runner.LookUp(ctx, task.Site, e.Release, e.Run)
	})
	if err != nil {
		w.log.Warn("a run can't be looked up", "site", task.Site, "release", e.Release, "run", e.Run.ID, "error", err)
		return w.drop(ctx, task)
	}
	return w.answer(ctx, task, event)
}

func (w *worker) cancel(ctx context.Context, task ledger.Task, e release.CancelRun) error {
	_, err := bounded(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, w.runner.Cancel(ctx, task.Site, e.Release, e.Run)
	})
	if err == nil {
		return w.drop(ctx, task)
	}
	wait := lookAgain
	if task.Tries >= maxCancels {
		wanted, unread := w.cancelling(ctx, task.Site, e.Run)
		if unread != nil {
			return unread
		}
		if !wanted {
			w.log.Error("a run can't be cancelled and is left alone", "site", task.Site, "run", e.Run.ID, "error", err)
			return w.drop(ctx, task)
		}
		wait = cancelAgain
	}
	w.log.Warn("a run can't be cancelled", "site", task.Site, "run", e.Run.ID, "tries", task.Tries, "error", err)
	if err := w.outbox.Start(ctx, task); err != nil {
		return err
	}
	w.postpone(ctx, task, wait)
	return nil
}

// cancelling says whether a run is that of a release that somebody wants cancelled. While
// it is, the cancellation is tried again.
func (w *worker) cancelling(ctx context.Context, site string, run release.Run) (bool, error) {
	at, err := w.ledger.Site(ctx, site)
	if errors.Is(err, ledger.ErrNoSite) {
		return false, nil
	}
	return at.State != release.Ready && at.Current.Run.ID == run.ID && !at.Current.Cancel.At.IsZero(), err
}
