package app

import (
	"context"
	"fmt"
	"time"

	webapi "github.com/pressrun/pressrun/app/api"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	// deadScheduler is how long the scheduler may be silent. A live one notes that it is
	// alive every minute.
	deadScheduler = 3 * time.Minute
	// oldTask is how long a task may wait in the outbox before somebody should look:
	// longer than a dispatch of unknown outcome is looked for.
	oldTask = 10 * time.Minute
)

// parts are the parts that /readyz reports beside the ledger.
func (e *edition) parts() []webapi.Part {
	return []webapi.Part{
		{Name: "scheduler", Look: func(context.Context) (state, why string) { return schedulerPart(e.lastAlive(), time.Now()) }},
		{Name: "runner", Look: func(context.Context) (state, why string) { return e.runnerPart() }},
		{Name: "outbox", Look: e.outbox},
		{Name: "configuration", Look: func(context.Context) (state, why string) {
			return configurationPart(e.loads.view(), len(e.loads.broken()))
		}},
	}
}

// lastAlive is when the scheduler was seen alive last. That of a new edition which has not
// started yet counts as alive since the edition was made.
func (e *edition) lastAlive() time.Time {
	if at := e.scheduler.LastAlive(); !at.IsZero() || !e.succeeds {
		return at
	}
	return e.begun
}

// schedulerPart judges when the scheduler was seen alive last.
func schedulerPart(lastAlive, now time.Time) (state, why string) {
	switch {
	case lastAlive.IsZero():
		return api.PartFailed, "the scheduler has not begun"
	case now.Sub(lastAlive) > deadScheduler:
		return api.PartFailed, "the scheduler has not been seen alive for " + text.Span(now.Sub(lastAlive)) + ": nothing is dispatched; restart the app"
	}
	return api.PartOK, ""
}

// runnerPart says how many sites' runners can't be given a release. Anybody reads it, so
// it names none: pressrun doctor does, to those who may see the sites.
func (e *edition) runnerPart() (state, why string) {
	away := 0
	for name := range e.config.Sites {
		if _, not := e.closed[name]; !not && e.unreachable(name) != "" {
			away++
		}
	}
	if away == 0 {
		return api.PartOK, ""
	}
	return api.PartWarning, fmt.Sprintf("the runner of %d of %s can't be given a release; pressrun doctor says why", away, text.Count(len(e.config.Sites)-len(e.closed), "site"))
}

// configurationPart says whether all configured sites are served.
func configurationPart(load view.Load, broken int) (state, why string) {
	switch {
	case load.Failed != "":
		return api.PartWarning, "the configuration that is there now has mistakes: the app goes on by the one before; pressrun config check tells them"
	case broken > 0:
		return api.PartWarning, text.Count(broken, "site") + " left out because of mistakes in the configuration; pressrun config check tells them"
	}
	return api.PartOK, ""
}

// outbox says whether the tasks of the outbox are carried out.
func (e *edition) outbox(ctx context.Context) (state, why string) {
	count, oldest, err := e.outboxWaits(ctx)
	if err != nil {
		return api.PartFailed, "the outbox can't be read; the log of the app tells more"
	}
	return outboxPart(count, oldest, ledger.Now())
}

func (e *edition) outboxWaits(ctx context.Context) (count int64, oldest time.Time, err error) {
	err = e.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) (err error) {
		count, oldest, err = s.OutboxWaits(ctx)
		return err
	})
	return count, oldest, err
}

// outboxPart judges the age of the oldest task.
func outboxPart(count int64, oldest, now time.Time) (state, why string) {
	if age := now.Sub(oldest); count > 0 && age > oldTask {
		return api.PartWarning, fmt.Sprintf("a task has waited in the outbox for %s, and %d in all", text.Span(age), count)
	}
	return api.PartOK, ""
}
