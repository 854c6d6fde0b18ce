package stream

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/runner"
)

// RunLogs opens the outputs of releases' runs.
type RunLogs struct {
	Ledger *ledger.Ledger
	Runner runner.Runner
	Log    *slog.Logger
}

// Open opens the output of a release's run. It fails with fs.ErrNotExist if
// there is none here.
func (l RunLogs) Open(ctx context.Context, site string, number int64) (io.ReadCloser, error) {
	byRun, ok := l.Runner.(runner.RunLogger)
	if !ok {
		return l.Runner.Log(ctx, site, number)
	}
	found, err := l.Ledger.Release(ctx, site, number)
	if err != nil {
		return nil, err
	}
	out, err := byRun.RunLog(ctx, site, found.Run)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return l.Runner.Log(ctx, site, number)
	case err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil:
		return out, err
	}
	l.Log.WarnContext(ctx, "the output of a run can't be read", "site", site, "release", number, "error", err)
	where := "the run's own page"
	if link := view.WebLink(found.Run.URL); link != "" {
		where += ", " + link
	}
	return nil, problem.New(http.StatusBadGateway, "platform", "GitHub, which has the run's output, can't be asked for it now; try again in a moment, or look at "+where)
}
