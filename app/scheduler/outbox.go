package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/config"
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
func (d *desk) carryOut(ctx context.Context, task ledger.Task) {
	if task.Unreadable != nil {
		d.app.log.Error("a task of another version of Pressrun is left for it", "site", task.Site, "error", task.Unreadable)
		d.postpone(ctx, task, time.Hour)
		return
	}
	var err error
	switch e := task.Effect.(type) {
	case release.SendDispatch:
		err = d.dispatch(ctx, task, e)
	case release.LookUpRun:
		err = d.lookUp(ctx, task, e)
	case release.CancelRun:
		err = d.cancel(ctx, task, e)
	case release.Record, release.Closed:
		err = fmt.Errorf("a %T has no place in the outbox", e)
	}
	if errors.Is(err, ledger.ErrNoSite) {
		// The site was taken out of the configuration. Should it come back, its
		// deadlines have the rules ask anew.
		d.app.log.Warn("a task of a site that is no longer configured is dropped", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect))
		err = d.app.ledger.Drop(ctx, task)
	}
	if err == nil || d.app.stop.Err() != nil {
		return
	}
	d.app.log.Error("a task failed and is tried again", "site", task.Site, "task", fmt.Sprintf("%T", task.Effect), "tries", task.Tries, "error", err)
	d.postpone(ctx, task, deskPatience)
}

// bounded makes a call of the runner with a limit of its own.
func bounded[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return call(ctx)
}

func (d *desk) postpone(ctx context.Context, task ledger.Task, wait time.Duration) {
	if err := d.app.ledger.Postpone(context.WithoutCancel(ctx), task, ledger.Now().Add(wait)); err != nil {
		d.app.log.Error("a task can't be put off", "site", task.Site, "error", err)
		time.Sleep(deskPatience) // or the desk would begin it again at once
	}
}

// answer brings the outcome of a task before the rules. A refusal means that
// the world has moved on, and the task is done all the same.
func (d *desk) answer(ctx context.Context, task ledger.Task, event release.Event) error {
	_, err := d.app.ledger.Answer(ctx, task, event)
	if refusal, ok := errors.AsType[*release.Conflict](err); ok {
		d.app.log.Debug("an answer came too late", "site", task.Site, "event", fmt.Sprintf("%T", event), "refusal", refusal.Text)
		return nil
	}
	return err
}

// dispatch hands a release to the runner, with exactly one effect: what was
// begun before and has no known outcome is looked for, and only sent again
// when it is certain that it did not become a run (design section 4).
func (d *desk) dispatch(ctx context.Context, task ledger.Task, e release.SendDispatch) error {
	job := d.app.job(task.Site, e)
	if task.Tries > 0 {
		settled, err := d.find(ctx, task, job, e.Sent)
		if settled || err != nil {
			return err
		}
	}
	site, err := d.app.ledger.Site(ctx, task.Site)
	if err != nil {
		return err
	}
	if site.State != release.Requested || site.Current.Dispatch.Token != e.Token {
		return d.app.ledger.Drop(ctx, task)
	}
	if err := d.app.ledger.Start(ctx, task); err != nil {
		return err
	}
	run, err := bounded(ctx, func(ctx context.Context) (release.Run, error) { return d.app.runner.Dispatch(ctx, job) })
	if err == nil {
		return d.answer(ctx, task, release.DispatchConfirmed{Token: e.Token, Run: run})
	}
	if refused, ok := errors.AsType[*runner.Refused](err); ok {
		d.app.log.Warn("a dispatch was refused", "site", task.Site, "release", e.Release, "error", err)
		return d.answer(ctx, task, release.DispatchRefused{Token: e.Token, Why: refused.Why, Fault: refused.Fault})
	}
	why, wait := "the runner's answer did not arrive; it is being looked for", lookAgain
	if errors.Is(err, runner.ErrAccepted) {
		why = "the dispatch was accepted; its run is being looked for"
	}
	if deferred, ok := errors.AsType[*runner.Deferred](err); ok {
		why, wait = deferred.Why+"; it will be dispatched as soon as that is over", max(lookAgain, time.Until(deferred.Until))
	}
	d.app.log.Warn("a dispatch has no outcome yet", "site", task.Site, "release", e.Release, "error", err)
	d.postpone(ctx, task, wait)
	return d.unknown(ctx, task.Site, e.Token, why)
}

func (d *desk) unknown(ctx context.Context, site, token, why string) error {
	_, err := d.app.ledger.Decide(ctx, site, release.DispatchUnknown{Token: token, Why: why})
	if _, ok := errors.AsType[*release.Conflict](err); ok {
		return nil
	}
	return err
}

// find looks for the run of an earlier sending. It says whether the task is
// settled for now; if not, it is safe to send again.
func (d *desk) find(ctx context.Context, task ledger.Task, job runner.Job, sent int) (settled bool, err error) {
	found, err := bounded(ctx, func(ctx context.Context) (runner.Finding, error) { return d.app.runner.Find(ctx, job) })
	switch {
	case err != nil:
		d.app.log.Warn("a dispatch can't be looked for", "site", task.Site, "release", job.Release, "error", err)
		d.postpone(ctx, task, lookWait(ledger.Now().Sub(task.Started)))
		return true, nil
	case found.Found:
		return true, d.answer(ctx, task, release.DispatchConfirmed{Token: job.Token, Run: found.Run})
	case found.Final:
		return false, nil
	case ledger.Now().Sub(task.Started) < d.grace:
		d.postpone(ctx, task, lookWait(ledger.Now().Sub(task.Started)))
		return true, nil
	default:
		return true, d.answer(ctx, task, release.DispatchMissing{Token: job.Token, Sent: sent})
	}
}

// lookWait is the wait before the next look for a dispatch of an age: soon at
// first, and seldom later, because GitHub counts its calls.
func lookWait(age time.Duration) time.Duration {
	const seldom = 15 * time.Second
	return min(max(age/4, lookAgain), seldom)
}

// lookUp asks the runner for the truth about a run. Nothing learnt is fine:
// the site asks again while it does not hear of it.
func (d *desk) lookUp(ctx context.Context, task ledger.Task, e release.LookUpRun) error {
	event, err := bounded(ctx, func(ctx context.Context) (release.Event, error) {
		return d.app.runner.LookUp(ctx, task.Site, e.Release, e.Run)
	})
	if err != nil {
		d.app.log.Warn("a run can't be looked up", "site", task.Site, "release", e.Release, "run", e.Run.ID, "error", err)
		return d.app.ledger.Drop(ctx, task)
	}
	return d.answer(ctx, task, event)
}

func (d *desk) cancel(ctx context.Context, task ledger.Task, e release.CancelRun) error {
	_, err := bounded(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.app.runner.Cancel(ctx, task.Site, e.Release, e.Run)
	})
	if err == nil {
		return d.app.ledger.Drop(ctx, task)
	}
	wait := lookAgain
	if task.Tries >= maxCancels {
		wanted, unread := d.cancelling(ctx, task.Site, e.Run)
		if unread != nil {
			return unread
		}
		if !wanted {
			d.app.log.Error("a run can't be cancelled and is left alone", "site", task.Site, "run", e.Run.ID, "error", err)
			return d.app.ledger.Drop(ctx, task)
		}
		wait = cancelAgain
	}
	d.app.log.Warn("a run can't be cancelled", "site", task.Site, "run", e.Run.ID, "tries", task.Tries, "error", err)
	if err := d.app.ledger.Start(ctx, task); err != nil {
		return err
	}
	d.postpone(ctx, task, wait)
	return nil
}

// cancelling says whether a run is that of a release that somebody wants
// cancelled: as long as it is, nobody stops trying.
func (d *desk) cancelling(ctx context.Context, site string, run release.Run) (bool, error) {
	s, err := d.app.ledger.Site(ctx, site)
	if errors.Is(err, ledger.ErrNoSite) {
		return false, nil
	}
	return s.State != release.Ready && s.Current.Run.ID == run.ID && !s.Current.Cancel.At.IsZero(), err
}

// catchUp learns what became of the runs that went on while the app was away.
func (d *desk) catchUp(ctx context.Context) error {
	if err := d.app.runner.Adopt(ctx); err != nil {
		return fmt.Errorf("take over the runs of the app before: %w", err)
	}
	for _, name := range d.app.ledger.SiteNames() {
		site, err := d.app.ledger.Site(ctx, name)
		if err != nil {
			return err
		}
		if site.Current.Run.ID == "" && site.Current.Dispatch.Token == "" {
			continue
		}
		if _, err := d.app.ledger.Decide(ctx, name, release.Restarted{}); err != nil {
			return err
		}
		if site.Current.Run.ID == "" {
			continue // the outbox looks for it
		}
		if d.app.config.Sites[name].Runner == config.RunnerGitHub {
			// GitHub may be away, and the app must not wait for it to start.
			d.tasks.Go(func() {
				if err := d.lookOnce(d.app.stop, site); err != nil && d.app.stop.Err() == nil {
					d.app.log.Warn("a run's state can't be kept", "site", name, "error", err)
				}
			})
			continue
		}
		if err := d.lookOnce(ctx, site); err != nil {
			return err
		}
	}
	return nil
}

// lookOnce learns what became of a site's run. Nothing learnt is fine.
func (d *desk) lookOnce(ctx context.Context, site release.Site) error {
	event, err := d.app.runner.LookUp(ctx, site.Name, site.Current.Number, site.Current.Run)
	if err != nil {
		d.app.log.Warn("a run can't be looked up", "site", site.Name, "run", site.Current.Run.ID, "error", err)
		return nil
	}
	return d.app.take(ctx, site.Name, event)
}

// heard takes what the runner noticed by itself, and keeps at it while the
// disk is full.
func (a *App) heard(site string, number int64, event release.Event) {
	for {
		err := a.take(a.stop, site, event)
		if err == nil || a.stop.Err() != nil || errors.Is(err, ledger.ErrClosed) || errors.Is(err, ledger.ErrNoSite) {
			return
		}
		a.log.Error("news of a run can't be kept yet", "site", site, "release", number, "error", err)
		select {
		case <-time.After(deskPatience):
		case <-a.stop.Done():
		}
	}
}

// take brings news before the rules; that they refuse it is no error.
func (a *App) take(ctx context.Context, site string, event release.Event) error {
	_, err := a.ledger.Decide(ctx, site, event)
	if refusal, ok := errors.AsType[*release.Conflict](err); ok {
		a.log.Debug("news came too late", "site", site, "event", fmt.Sprintf("%T", event), "refusal", refusal.Text)
		return nil
	}
	return err
}

// job is a release as it is handed to the runner.
func (a *App) job(site string, e release.SendDispatch) runner.Job {
	return runner.Job{
		Site: site, Release: e.Release, Token: e.Token,
		AppURL: a.config.URL,
		Bearer: a.auth.MintJob(site, e.Release),
	}
}
