package githubapp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// LookUp asks GitHub for the state of a run.
func (r *Runner) LookUp(ctx context.Context, siteName string, _ int64, run release.Run) (release.Event, error) {
	site, err := r.options.Sites.find(siteName)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(run.ID, 10, 64)
	if err != nil {
		// A run that is not GitHub's has claimed: a run by hand, a test.
		return nil, fmt.Errorf("%q is not a run of GitHub", run.ID)
	}
	to, err := r.links.to(ctx, site)
	if err != nil {
		return nil, err
	}
	found, _, err := to.reads.Actions.GetWorkflowRunByID(ctx, site.owner(), site.name(), id)
	if code, _ := answer(err); code == http.StatusNotFound {
		return release.RunMissing{Run: run}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up run %s of %s: %w", run.ID, site.Repository, err)
	}
	status := RunStatus{
		Run: runOf(found), Status: found.GetStatus(), Conclusion: found.GetConclusion(),
	}
	if status.worthAsking() {
		// Without the jobs the answer has less detail.
		if jobs, err := r.jobs(ctx, to, site, id); err == nil {
			status.Jobs = jobs
		} else {
			r.log.Debug("a run's jobs can't be listed", "run", run.ID, "error", err)
		}
	}
	return status.Event(), nil
}

func (r *Runner) jobs(ctx context.Context, to *link, site Site, id int64) ([]Job, error) {
	found, _, err := to.reads.Actions.ListWorkflowJobs(ctx, site.owner(), site.name(), id, &github.ListWorkflowJobsOptions{Filter: "latest", ListOptions: github.ListOptions{PerPage: 100}})
	if err != nil {
		return nil, fmt.Errorf("list the jobs of run %d: %w", id, err)
	}
	jobs := make([]Job, 0, len(found.Jobs))
	for _, j := range found.Jobs {
		job := Job{Name: j.GetName(), Status: j.GetStatus(), Conclusion: j.GetConclusion(), Runner: j.GetRunnerName(), Labels: j.Labels, URL: j.GetHTMLURL(), Started: j.GetStartedAt().Time, Finished: j.GetCompletedAt().Time}
		for _, s := range j.Steps {
			job.Steps = append(job.Steps, JobStep{Name: s.GetName(), Status: s.GetStatus(), Conclusion: s.GetConclusion(), Started: s.GetStartedAt().Time, Finished: s.GetCompletedAt().Time})
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// Cancel asks GitHub to cancel a run. It succeeds for a run that is over or can't be found.
func (r *Runner) Cancel(ctx context.Context, siteName string, _ int64, run release.Run) error {
	site, err := r.options.Sites.find(siteName)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(run.ID, 10, 64)
	if err != nil {
		return nil //nolint:nilerr // a run that is not GitHub's can't be cancelled: see LookUp
	}
	if r.options.Gitea {
		r.log.Warn("Gitea has no call to cancel a run: cancel it on its page", "run", run.URL)
		return nil
	}
	to, err := r.links.to(ctx, site)
	if err != nil {
		return err
	}
	_, err = to.writes.Actions.CancelWorkflowRunByID(ctx, site.owner(), site.name(), id)
	// A 202 is success, though go-github takes it for an error.
	if _, accepted := errors.AsType[*github.AcceptedError](err); accepted || err == nil {
		return nil
	}
	if code, _ := answer(err); code == http.StatusConflict || code == http.StatusNotFound {
		return nil
	}
	return fmt.Errorf("cancel run %s of %s: %w", run.ID, site.Repository, err)
}

// Reattach has nothing to take over: GitHub's runs are GitHub's.
func (r *Runner) Reattach(context.Context) error { return nil }

// Log fails: GitHub needs the id of the run, see RunLog.
func (r *Runner) Log(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// RunLog lists a run's jobs and steps with their results, and where GitHub shows their
// output. The output itself stays there: it may be large, and GitHub masks the secrets in
// it only on its own pages.
func (r *Runner) RunLog(ctx context.Context, siteName string, run release.Run) (io.ReadCloser, error) {
	site, err := r.options.Sites.find(siteName)
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
	if code, _ := answer(err); code == http.StatusNotFound {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err) // GitHub deletes old runs
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
