package githubapp

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// findPages bounds how far back Find looks: 200 runs of one workflow that were
// dispatched within the few minutes for which a token is looked for.
const findPages = 2

// Find looks for a job's token in the titles of the workflow's runs, where the
// workflow's run-name puts it. The list lags: not finding it proves nothing,
// unless the job was certainly never sent.
func (r *Runner) Find(ctx context.Context, job runner.Job) (runner.Finding, error) {
	if r.unsent.has(job.Token) {
		return runner.Finding{Final: true}, nil
	}
	site, err := r.site(job.Site)
	if err != nil {
		return runner.Finding{}, err
	}
	to, err := r.links.to(ctx, site)
	if err != nil {
		return runner.Finding{}, err
	}
	var first *github.WorkflowRun
	for page := 1; page <= findPages; page++ {
		found, _, err := to.reads.Actions.ListWorkflowRunsByFileName(ctx, site.owner(), site.name(), site.Workflow, &github.ListWorkflowRunsOptions{
			Event: "workflow_dispatch", ListOptions: github.ListOptions{PerPage: 100, Page: page},
		})
		if err != nil {
			return runner.Finding{}, fmt.Errorf("list the runs of %s in %s: %w", site.Workflow, site.Repository, err)
		}
		for _, run := range found.WorkflowRuns {
			// Of several runs of one dispatch the first is taken; the others
			// are told so when they claim.
			if HasToken(run.GetDisplayTitle(), job.Token) && (first == nil || run.GetID() < first.GetID()) {
				first = run
			}
		}
		if len(found.WorkflowRuns) < 100 {
			break
		}
	}
	if first == nil {
		return runner.Finding{}, nil
	}
	return runner.Finding{Found: true, Run: runOf(first)}, nil
}

// HasToken says whether a run's title carries a dispatch's token.
func HasToken(title, token string) bool { return token != "" && strings.Contains(title, token) }

func runOf(run *github.WorkflowRun) release.Run {
	return release.Run{ID: strconv.FormatInt(run.GetID(), 10), Attempt: max(run.GetRunAttempt(), 1), URL: run.GetHTMLURL()}
}
