package githubapp

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Log gives nothing: a release's run must be named, see RunLog.
func (r *Runner) Log(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// RunLog tells how a run's jobs and steps went, and where GitHub shows their
// output. The output itself stays there: it may be large, and GitHub masks the
// secrets in it only for those who look there.
func (r *Runner) RunLog(ctx context.Context, siteName string, run release.Run) (io.ReadCloser, error) {
	site, err := r.site(siteName)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(run.ID, 10, 64)
	if err != nil {
		return nil, fs.ErrNotExist
	}
	to, err := r.links.to(ctx, site)
	if err != nil {
		return nil, err
	}
	jobs, err := r.jobs(ctx, to, site, id)
	if status, _ := answer(err); status == http.StatusNotFound {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err) // GitHub keeps no run for ever
	}
	if err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(logText(run, jobs))), nil
}

func logText(run release.Run, jobs []Job) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The run's output is on GitHub: %s\n", run.URL)
	for _, j := range jobs {
		fmt.Fprintf(&b, "\n%s: %s%s\n  %s\n", extract(j.Name), outcome(j.Status, j.Conclusion), lasted(j.Started, j.Finished), j.URL)
		for _, s := range j.Steps {
			fmt.Fprintf(&b, "  - %s: %s%s\n", extract(s.Name), outcome(s.Status, s.Conclusion), lasted(s.Started, s.Finished))
		}
	}
	return b.String()
}

func outcome(status, conclusion string) string {
	if conclusion != "" {
		return conclusion
	}
	return strings.ReplaceAll(status, "_", " ")
}

func lasted(from, to time.Time) string {
	if from.IsZero() || to.Before(from) {
		return ""
	}
	return fmt.Sprintf(" (%s)", text.Span(to.Sub(from)))
}
