package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/pressrun/pressrun/app/replicas"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// dispatch hands a release to the runner, with exactly one effect: it looks for the run of
// an earlier try of unknown outcome, and sends again only when it is certain that the try
// did not become a run.
func (w *worker) dispatch(ctx context.Context, task ledger.Task, e release.SendDispatch) error {
	job := w.newJob(task.Site, e)
	if task.Tries > 0 {
		settled, err := w.find(ctx, task, job, e.Sent)
		if settled || err != nil {
			return err
		}
	}
	site, err := w.ledger.Site(ctx, task.Site)
	if err != nil {
		return err
	}
	if site.State != release.Requested || site.Current.Dispatch.Token != e.Token {
		return w.drop(ctx, task)
	}
	if err := w.outbox.Start(ctx, task); err != nil {
		return err
	}
	if err := replicas.CheckClaim(ctx); err != nil {
		return err // the replica that has the task now sees that it was begun, and looks for its run
	}
	run, err := bounded(ctx, func(ctx context.Context) (release.Run, error) { return w.runner.Dispatch(ctx, job) })
	if err == nil {
		return w.answer(ctx, task, release.DispatchConfirmed{Token: e.Token, Run: run})
	}
	if refused, ok := errors.AsType[*runner.Refused](err); ok {
		w.log.Warn("a dispatch was refused", "site", task.Site, "release", e.Release, "error", err)
		return w.answer(ctx, task, release.DispatchRefused{Token: e.Token, Why: refused.Why, Fault: refused.Fault})
	}
	why, wait := "the runner's answer did not arrive; its run is being looked for", lookAgain
	if errors.Is(err, runner.ErrAccepted) {
		why = "the dispatch was accepted; its run is being looked for"
	}
	if deferred, ok := errors.AsType[*runner.Deferred](err); ok {
		why, wait = deferred.Why+"; it will be dispatched as soon as that is over", max(lookAgain, time.Until(deferred.Until))
	}
	w.log.Warn("a dispatch has no outcome yet", "site", task.Site, "release", e.Release, "error", err)
	w.postpone(ctx, task, wait)
	return w.unknown(ctx, task.Site, e.Token, why)
}

func (w *worker) unknown(ctx context.Context, site, token, why string) error {
	_, err := w.ledger.Decide(ctx, site, release.DispatchUnknown{Token: token, Why: why})
	if _, ok := errors.AsType[*release.Conflict](err); ok {
		return nil
	}
	return err
}

// find looks for the run of an earlier sending. It says whether the task is
// settled for now; if not, it is safe to send again.
func (w *worker) find(ctx context.Context, task ledger.Task, job runner.Job, sent int) (settled bool, err error) {
	found, err := bounded(ctx, func(ctx context.Context) (runner.Finding, error) { return w.runner.Find(ctx, job) })
	switch {
	case err != nil:
		w.log.Warn("a dispatch can't be looked for", "site", task.Site, "release", job.Release, "error", err)
		w.postpone(ctx, task, lookWait(ledger.Now().Sub(task.Started)))
		return true, nil
	case found.Found:
		return true, w.answer(ctx, task, release.DispatchConfirmed{Token: job.Token, Run: found.Run})
	case found.Final:
		return false, nil
	case ledger.Now().Sub(task.Started) < w.grace:
		w.postpone(ctx, task, lookWait(ledger.Now().Sub(task.Started)))
		return true, nil
	default:
		return true, w.answer(ctx, task, release.DispatchMissing{Token: job.Token, Sent: sent})
	}
}

// lookWait is the wait before the next look for a dispatch of an age: soon at
// first, and seldom later, because GitHub counts its calls.
func lookWait(age time.Duration) time.Duration {
	const seldom = 15 * time.Second
	return min(max(age/4, lookAgain), seldom)
}
