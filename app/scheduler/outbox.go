package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/app/replicas"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

const (
	// lookAgain is the wait between two looks for a dispatch whose outcome is
	// not known.
	lookAgain = 2 * time.Second
	// callLimit bounds one call of the runner. What follows from it is kept
	// however long the call took.
	callLimit = 2 * time.Minute
	// maxCancels bounds how often a cancellation is tried at once; one that
	// somebody still waits for is then tried every cancelAgain.
	maxCancels  = 20
	cancelAgain = 30 * time.Second
)

// claimAndCarryOut carries a task out, if no other replica does.
func (s *Scheduler) claimAndCarryOut(ctx context.Context, task ledger.Task) {
	if s.others == nil {
		s.carryOut(ctx, task)
		return
	}
	asked := time.Now()
	task, ok, err := s.outbox.Claim(ctx, task)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("a task can't be claimed", "site", task.Site, "error", err)
	}
	if !ok {
		return
	}
	err = replicas.Keep(task.Fenced(ctx), asked, func(ctx context.Context) (bool, error) { return s.outbox.Renew(ctx, task) },
		func(ctx context.Context) { s.carryOut(ctx, task) })
	if err != nil && ctx.Err() == nil {
		s.log.Warn("a task was given up in the middle; another replica carries it on", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect), "error", err)
	}
}

// carryOut does one task. Errors leave the task in the outbox for later.
func (s *Scheduler) carryOut(ctx context.Context, task ledger.Task) {
	if task.Unreadable != nil {
		s.log.Error("a task of another version of Pressrun is left for it", "site", task.Site, "error", task.Unreadable)
		s.postpone(ctx, task, time.Hour)
		return
	}
	var err error
	switch e := task.Effect.(type) {
	case release.SendDispatch:
		err = s.dispatch(ctx, task, e)
	case release.ReadFingerprint:
		err = s.readFingerprint(ctx, task, e)
	case release.LookUpRun:
		err = s.lookUp(ctx, task, e)
	case release.CancelRun:
		err = s.cancel(ctx, task, e)
	case release.Record, release.Closed:
		err = fmt.Errorf("a %T has no place in the outbox", e)
	}
	if errors.Is(err, ledger.ErrNoSite) {
		// The site was taken out of the configuration. Should it come back, its
		// deadlines have the rules ask anew.
		s.log.Warn("a task of a site that is no longer configured is dropped", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect))
		err = s.outbox.Drop(ctx, task)
	}
	if err == nil || s.stop.Err() != nil || errors.Is(err, ledger.ErrTakenOver) || ctx.Err() != nil {
		return
	}
	s.log.Error("a task failed and is tried again", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect), "tries", task.Tries, "error", err)
	s.postpone(ctx, task, retryWait)
}

// bounded makes a call of the runner with a limit of its own.
func bounded[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return call(ctx)
}

func (s *Scheduler) postpone(ctx context.Context, task ledger.Task, wait time.Duration) {
	err := s.outbox.Postpone(context.WithoutCancel(ctx), task, ledger.Now().Add(wait))
	if err != nil && !errors.Is(err, ledger.ErrTakenOver) {
		s.log.Error("a task can't be put off", "site", task.Site, "error", err)
		time.Sleep(retryWait) // or the scheduler would begin it again at once
	}
}

// answer brings the outcome of a task before the rules. A refusal means that
// the world has moved on, and the task is done all the same.
func (s *Scheduler) answer(ctx context.Context, task ledger.Task, event release.Event) error {
	_, err := s.ledger.Answer(ctx, task, event)
	if refusal, ok := errors.AsType[*release.Conflict](err); ok {
		s.log.Debug("an answer came too late", "site", task.Site, "event", fmt.Sprintf("%T", event), "refusal", refusal.Text)
		return nil
	}
	return err
}

// readFingerprint has the fingerprint of a site's content read. That it can't be read
// is an answer too; whatever was cut short is read once more.
func (s *Scheduler) readFingerprint(ctx context.Context, task ledger.Task, e release.ReadFingerprint) error {
	if s.fingerprints == nil {
		return s.answer(ctx, task, release.FingerprintRead{Release: e.Release, Why: "no fingerprint is configured"})
	}
	value, err := bounded(ctx, func(ctx context.Context) (string, error) { return s.fingerprints.Fingerprint(ctx, task.Site) })
	if err == nil {
		return s.answer(ctx, task, release.FingerprintRead{Release: e.Release, Value: value})
	}
	if s.stop.Err() != nil {
		return err
	}
	s.log.Warn("the fingerprint of the content can't be read", "site", task.Site, "release", e.Release, "error", err)
	return s.answer(ctx, task, release.FingerprintRead{Release: e.Release, Why: err.Error()})
}

// lookUp asks the runner for the truth about a run. Nothing learnt is fine:
// the site asks again while it does not hear of it.
func (s *Scheduler) lookUp(ctx context.Context, task ledger.Task, e release.LookUpRun) error {
	event, err := bounded(ctx, func(ctx context.Context) (release.Event, error) {
		return s.runner.LookUp(ctx, task.Site, e.Release, e.Run)
	})
	if err != nil {
		s.log.Warn("a run can't be looked up", "site", task.Site, "release", e.Release, "run", e.Run.ID, "error", err)
		return s.outbox.Drop(ctx, task)
	}
	return s.answer(ctx, task, event)
}

func (s *Scheduler) cancel(ctx context.Context, task ledger.Task, e release.CancelRun) error {
	_, err := bounded(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.runner.Cancel(ctx, task.Site, e.Release, e.Run)
	})
	if err == nil {
		return s.outbox.Drop(ctx, task)
	}
	wait := lookAgain
	if task.Tries >= maxCancels {
		wanted, unread := s.cancelling(ctx, task.Site, e.Run)
		if unread != nil {
			return unread
		}
		if !wanted {
			s.log.Error("a run can't be cancelled and is left alone", "site", task.Site, "run", e.Run.ID, "error", err)
			return s.outbox.Drop(ctx, task)
		}
		wait = cancelAgain
	}
	s.log.Warn("a run can't be cancelled", "site", task.Site, "run", e.Run.ID, "tries", task.Tries, "error", err)
	if err := s.outbox.Start(ctx, task); err != nil {
		return err
	}
	s.postpone(ctx, task, wait)
	return nil
}

// cancelling says whether a run is that of a release that somebody wants
// cancelled: as long as it is, nobody stops trying.
func (s *Scheduler) cancelling(ctx context.Context, site string, run release.Run) (bool, error) {
	at, err := s.ledger.Site(ctx, site)
	if errors.Is(err, ledger.ErrNoSite) {
		return false, nil
	}
	return at.State != release.Ready && at.Current.Run.ID == run.ID && !at.Current.Cancel.At.IsZero(), err
}
