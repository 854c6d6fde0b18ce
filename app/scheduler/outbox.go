package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
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
	if err == nil || s.stop.Err() != nil {
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
	if err := s.outbox.Postpone(context.WithoutCancel(ctx), task, ledger.Now().Add(wait)); err != nil {
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

// dispatch hands a release to the runner, with exactly one effect: what was
// begun before and has no known outcome is looked for, and only sent again
// when it is certain that it did not become a run.
func (s *Scheduler) dispatch(ctx context.Context, task ledger.Task, e release.SendDispatch) error {
	job := s.newJob(task.Site, e)
	if task.Tries > 0 {
		settled, err := s.find(ctx, task, job, e.Sent)
		if settled || err != nil {
			return err
		}
	}
	site, err := s.ledger.Site(ctx, task.Site)
	if err != nil {
		return err
	}
	if site.State != release.Requested || site.Current.Dispatch.Token != e.Token {
		return s.outbox.Drop(ctx, task)
	}
	if err := s.outbox.Start(ctx, task); err != nil {
		return err
	}
	run, err := bounded(ctx, func(ctx context.Context) (release.Run, error) { return s.runner.Dispatch(ctx, job) })
	if err == nil {
		return s.answer(ctx, task, release.DispatchConfirmed{Token: e.Token, Run: run})
	}
	if refused, ok := errors.AsType[*runner.Refused](err); ok {
		s.log.Warn("a dispatch was refused", "site", task.Site, "release", e.Release, "error", err)
		return s.answer(ctx, task, release.DispatchRefused{Token: e.Token, Why: refused.Why, Fault: refused.Fault})
	}
	why, wait := "the runner's answer did not arrive; it is being looked for", lookAgain
	if errors.Is(err, runner.ErrAccepted) {
		why = "the dispatch was accepted; its run is being looked for"
	}
	if deferred, ok := errors.AsType[*runner.Deferred](err); ok {
		why, wait = deferred.Why+"; it will be dispatched as soon as that is over", max(lookAgain, time.Until(deferred.Until))
	}
	s.log.Warn("a dispatch has no outcome yet", "site", task.Site, "release", e.Release, "error", err)
	s.postpone(ctx, task, wait)
	return s.unknown(ctx, task.Site, e.Token, why)
}

func (s *Scheduler) unknown(ctx context.Context, site, token, why string) error {
	_, err := s.ledger.Decide(ctx, site, release.DispatchUnknown{Token: token, Why: why})
	if _, ok := errors.AsType[*release.Conflict](err); ok {
		return nil
	}
	return err
}

// find looks for the run of an earlier sending. It says whether the task is
// settled for now; if not, it is safe to send again.
func (s *Scheduler) find(ctx context.Context, task ledger.Task, job runner.Job, sent int) (settled bool, err error) {
	found, err := bounded(ctx, func(ctx context.Context) (runner.Finding, error) { return s.runner.Find(ctx, job) })
	switch {
	case err != nil:
		s.log.Warn("a dispatch can't be looked for", "site", task.Site, "release", job.Release, "error", err)
		s.postpone(ctx, task, lookWait(ledger.Now().Sub(task.Started)))
		return true, nil
	case found.Found:
		return true, s.answer(ctx, task, release.DispatchConfirmed{Token: job.Token, Run: found.Run})
	case found.Final:
		return false, nil
	case ledger.Now().Sub(task.Started) < s.grace:
		s.postpone(ctx, task, lookWait(ledger.Now().Sub(task.Started)))
		return true, nil
	default:
		return true, s.answer(ctx, task, release.DispatchMissing{Token: job.Token, Sent: sent})
	}
}

// lookWait is the wait before the next look for a dispatch of an age: soon at
// first, and seldom later, because GitHub counts its calls.
func lookWait(age time.Duration) time.Duration {
	const seldom = 15 * time.Second
	return min(max(age/4, lookAgain), seldom)
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
