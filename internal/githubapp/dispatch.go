package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// The inputs of a dispatch: few, because GHES up to 3.19 accepts ten, and short: the run
// asks the app for the rest. None is a secret, since inputs are shown to everybody who
// may see the run.
const (
	inputSite    = "site"
	inputRelease = "release"
	inputToken   = "token"
	inputAppURL  = "app_url"
	// inputRollbackTo is sent with rollbacks only, so that a workflow file that does not
	// declare it still works for other releases. GitHub then refuses the rollback,
	// instead of an old workflow building a release.
	inputRollbackTo = "rollback_to"
)

type dispatchBody struct {
	Ref              string            `json:"ref"`
	Inputs           map[string]string `json:"inputs"`
	ReturnRunDetails *bool             `json:"return_run_details,omitempty"`
}

type runDetails struct {
	ID      int64  `json:"workflow_run_id"`
	HTMLURL string `json:"html_url"`
}

// dialect is the form in which a server is asked for the run's id.
type dialect int32

const (
	// withField: the field return_run_details, API version 2022-11-28.
	withField dialect = iota
	// unasked: API version 2026-03-10, which has no such field and always returns the id.
	unasked
	// plain: GHES up to 3.19, which refuses the field and never returns the id.
	plain
	// withQuery: Gitea, where it is a query parameter.
	withQuery
)

// Dispatch starts the site's workflow for a job. It is sent at most once; see
// runner.Runner for what its errors mean.
func (r *Runner) Dispatch(ctx context.Context, job runner.Job) (release.Run, error) {
	site, err := r.options.Sites.find(job.Site)
	if err != nil {
		return release.Run{}, err
	}
	r.unsent.clear(job.Token)
	ctx, sent := watchSending(ctx)
	run, err := r.dispatch(ctx, site, inputsOf(job))
	if err == nil {
		return run, nil
	}
	return release.Run{}, r.judge(ctx, site, job.Token, err, sent)
}

// judge classifies an error of a dispatch: refused, certainly not sent, or unknown.
func (r *Runner) judge(ctx context.Context, site Site, token string, err error, sent *atomic.Bool) error {
	err = r.refusals.explained(ctx, site, err)
	if refused := r.refusals.refused(site, err); refused != nil {
		r.refusals.forgetAfter(site, err)
		return refused
	}
	if errors.Is(err, runner.ErrAccepted) {
		return err
	}
	limited, isLimited := errors.AsType[*LimitedError](err)
	if !isLimited && sent.Load() {
		return fmt.Errorf("dispatch %s of %s: %w", site.Workflow, site.Repository, err)
	}
	r.unsent.add(token)
	deferred := &runner.Deferred{Why: "GitHub can't be reached", Until: time.Now().Add(5 * time.Second), Err: err}
	if isLimited {
		deferred.Why, deferred.Until = "GitHub asks Pressrun to make fewer calls", limited.Until
	} else if errors.Is(err, errTurn) && ctx.Err() != nil {
		deferred.Why, deferred.Until = "other releases are being dispatched first", time.Now()
	}
	return deferred
}

func (r *Runner) dispatch(ctx context.Context, site Site, inputs map[string]string) (release.Run, error) {
	to, err := r.links.to(ctx, site)
	if err != nil {
		return release.Run{}, err
	}
	for range 3 { // each try uses another dialect: only a refusal leads to the next
		d := r.links.currentDialect()
		run, err := r.post(ctx, to, site, inputs, d)
		next, other := otherDialect(d, err)
		if !other {
			if !isDisabled(err) || !r.reenable(ctx, to, site) {
				return run, err
			}
			continue
		}
		r.log.Info("GitHub does not know how it was asked for the run's id; asking otherwise", "error", err)
		r.links.dialect.Store(int32(next))
	}
	return release.Run{}, errors.New("GitHub refused every form of a dispatch")
}

// inputsOf makes the inputs of a release's run.
func inputsOf(job runner.Job) map[string]string {
	inputs := map[string]string{
		inputSite: job.Site, inputRelease: strconv.FormatInt(job.Release, 10), inputToken: job.Token, inputAppURL: job.AppURL,
	}
	if job.RollbackTo != 0 {
		inputs[inputRollbackTo] = strconv.FormatInt(job.RollbackTo, 10)
	}
	return inputs
}

func (r *Runner) post(ctx context.Context, to *link, site Site, inputs map[string]string, d dialect) (release.Run, error) {
	path := fmt.Sprintf("repos/%s/actions/workflows/%s/dispatches", site.Repository, url.PathEscape(site.Workflow))
	body := dispatchBody{Ref: site.Ref, Inputs: inputs}
	var options []github.RequestOption
	switch d {
	case withField:
		yes := true
		body.ReturnRunDetails = &yes
	case unasked:
		options = append(options, github.WithVersion("2026-03-10"))
	case withQuery:
		path += "?return_run_details=true"
	case plain:
	}
	req, err := to.writes.NewRequest(http.MethodPost, path, body, options...)
	if err != nil {
		return release.Run{}, fmt.Errorf("make the dispatch: %w", err)
	}
	var details runDetails
	if _, err := to.writes.Do(ctx, req, &details); err != nil {
		return release.Run{}, err
	}
	if details.ID == 0 {
		return release.Run{}, runner.ErrAccepted // a 204 names no run: look for it by its token
	}
	return release.Run{ID: strconv.FormatInt(details.ID, 10), Attempt: 1, URL: details.HTMLURL}, nil
}

// otherDialect is the next dialect to try after a refusal of the form of the call; false
// for other errors. Such a refusal comes before anything is created.
func otherDialect(d dialect, err error) (dialect, bool) {
	status, message := answer(err)
	switch {
	case d == withField && status == http.StatusGone:
		return unasked, true // API version 2022-11-28 was removed
	case d == withField && (status == http.StatusBadRequest || status == http.StatusUnprocessableEntity) && strings.Contains(message, "return_run_details"):
		return plain, true
	case d == unasked && status == http.StatusBadRequest:
		return plain, true
	}
	return d, false
}

// currentDialect is the dialect that the server has not refused yet.
func (l *links) currentDialect() dialect {
	if l.options.Gitea {
		return withQuery
	}
	return dialect(l.dialect.Load())
}

// reenable enables a workflow that GitHub has disabled because nothing was pushed for 60
// days. One that a person disabled stays disabled.
func (r *Runner) reenable(ctx context.Context, to *link, site Site) bool {
	found, _, err := to.reads.Actions.GetWorkflowByFileName(ctx, site.owner(), site.name(), site.Workflow)
	if err != nil || found.GetState() != "disabled_inactivity" {
		return false
	}
	if _, err := to.writes.Actions.EnableWorkflowByFileName(ctx, site.owner(), site.name(), site.Workflow); err != nil {
		r.log.Warn("a workflow that GitHub switched off can't be switched on", "workflow", site.Workflow, "error", err)
		return false
	}
	r.log.Info("switched a workflow on again that GitHub had switched off for inactivity", "repository", site.Repository, "workflow", site.Workflow)
	return true
}

// unsent remembers the tokens of dispatches that were certainly not sent, so that their
// runs need not be looked for.
type unsent struct {
	mu     sync.Mutex
	tokens map[string]bool
}

func newUnsent() *unsent { return &unsent{tokens: map[string]bool{}} }

func (u *unsent) add(token string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tokens[token] = true
}

func (u *unsent) clear(token string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.tokens, token)
}

func (u *unsent) has(token string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.tokens[token]
}

// findPages bounds how far back Find looks: the last 200 runs of a workflow cover the few
// minutes for which a token is looked for.
const findPages = 2

// Find looks for a job's token in the titles of the workflow's runs, where the workflow's
// run-name puts it. The list lags: a run that is not found may still appear, unless the
// job was certainly never sent.
func (r *Runner) Find(ctx context.Context, job runner.Job) (runner.Finding, error) {
	site, err := r.options.Sites.find(job.Site)
	if err != nil {
		return runner.Finding{}, err
	}
	return r.find(ctx, site, job.Token)
}

func (r *Runner) find(ctx context.Context, site Site, token string) (runner.Finding, error) {
	if r.unsent.has(token) {
		return runner.Finding{Final: true}, nil
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
			// Of several runs of one dispatch the first counts; the claims of the others
			// are refused.
			if HasToken(run.GetDisplayTitle(), token) && (first == nil || run.GetID() < first.GetID()) {
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
