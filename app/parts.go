package app

import (
	"context"
	"fmt"
	"time"

	webapi "github.com/pressrun/pressrun/app/api"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	// deadScheduler is how long the scheduler may not be seen alive, which says so
	// every minute.
	deadScheduler = 3 * time.Minute
	// oldTask is how long a task may wait in the outbox before somebody should look:
	// longer than a dispatch of unknown outcome is looked for.
	oldTask = 10 * time.Minute
)

// parts are those that /readyz tells of beside the ledger.
func (a *App) parts() []webapi.Part {
	return []webapi.Part{
		{Name: "scheduler", Look: func(context.Context) (state, why string) { return schedulerPart(a.scheduler.Turned(), time.Now()) }},
		{Name: "runner", Look: func(context.Context) (state, why string) { return a.runnerPart() }},
		{Name: "outbox", Look: a.outbox},
	}
}

// schedulerPart judges when the scheduler was seen alive last.
func schedulerPart(turned, now time.Time) (state, why string) {
	switch {
	case turned.IsZero():
		return api.PartFailed, "the scheduler has not begun"
	case now.Sub(turned) > deadScheduler:
		return api.PartFailed, "the scheduler has not been seen alive for " + text.Span(now.Sub(turned)) + ": nothing is dispatched; restart the app"
	}
	return api.PartOK, ""
}

// runnerPart says how many sites' runners can't be given a release. Which ones and
// why is for who may see the sites: pressrun doctor.
func (a *App) runnerPart() (state, why string) {
	away := 0
	for name := range a.config.Sites {
		if a.unreachable(name) != "" {
			away++
		}
	}
	if away == 0 {
		return api.PartOK, ""
	}
	return api.PartHeed, fmt.Sprintf("the runner of %d of %s can't be given a release; pressrun doctor says why", away, text.Count(len(a.config.Sites), "site"))
}

// outbox says whether what the rules want done is done.
func (a *App) outbox(ctx context.Context) (state, why string) {
	count, oldest, err := a.outboxWaits(ctx)
	if err != nil {
		return api.PartFailed, "the outbox can't be read; the log of the app tells more"
	}
	return outboxPart(count, oldest, ledger.Now())
}

func (a *App) outboxWaits(ctx context.Context) (count int64, oldest time.Time, err error) {
	err = a.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) (err error) {
		count, oldest, err = s.OutboxWaits(ctx)
		return err
	})
	return count, oldest, err
}

// outboxPart judges since when the oldest task waits.
func outboxPart(count int64, oldest, now time.Time) (state, why string) {
	if age := now.Sub(oldest); count > 0 && age > oldTask {
		return api.PartHeed, fmt.Sprintf("a task has waited in the outbox for %s, and %d in all", text.Span(age), count)
	}
	return api.PartOK, ""
}
