package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// GitHub asks for the checks of one commit.
type GitHub struct {
	client              *github.Client
	owner, repo, commit string
}

// Commit identifies a commit at GitHub.
type Commit struct {
	API        string // https://api.github.com
	Repository string // owner/name
	SHA        string
	Token      string // with the permissions checks: read and statuses: read
}

// New makes the client for the checks of a commit.
func New(c Commit) (*GitHub, error) {
	owner, repo, ok := strings.Cut(c.Repository, "/")
	if !ok || c.SHA == "" {
		return nil, errors.New("the commit is not known: checks can be waited for in a GitHub workflow only (GITHUB_REPOSITORY and GITHUB_SHA)")
	}
	if c.Token == "" {
		return nil, errors.New("there is no token to ask GitHub with: give the input github-token, or PRESSRUN_GITHUB_TOKEN")
	}
	base, err := url.Parse(strings.TrimRight(c.API, "/") + "/")
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("%q is no address of GitHub's API", c.API)
	}
	client := github.NewClient(&http.Client{Timeout: 30 * time.Second}).WithAuthToken(c.Token)
	client.BaseURL = base
	return &GitHub{client, owner, repo, c.SHA}, nil
}

// maxPages bounds how many pages of 100 checks or statuses are read.
const maxPages = 30

// All are the check runs and the newest commit statuses of the commit
// (docs.github.com/rest/checks/runs, docs.github.com/rest/commits/statuses).
func (g *GitHub) All(ctx context.Context) ([]Check, error) {
	var all []Check
	err := pages(func(o github.ListOptions) (*github.Response, error) {
		found, resp, err := g.client.Checks.ListCheckRunsForRef(ctx, g.owner, g.repo, g.commit, &github.ListCheckRunsOptions{ListOptions: o})
		if err == nil {
			for _, run := range found.CheckRuns {
				all = append(all, ofRun(run))
			}
		}
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	err = pages(func(o github.ListOptions) (*github.Response, error) {
		found, resp, err := g.client.Repositories.GetCombinedStatus(ctx, g.owner, g.repo, g.commit, &o)
		if err == nil {
			for _, status := range found.Statuses {
				all = append(all, ofStatus(status))
			}
		}
		return resp, err
	})
	return all, err
}

func pages(read func(github.ListOptions) (*github.Response, error)) error {
	for page, n := 1, 0; page != 0; n++ {
		if n == maxPages {
			return &RefusedError{Why: fmt.Sprintf("the commit has more than %d checks", maxPages*100)}
		}
		resp, err := read(github.ListOptions{Page: page, PerPage: 100})
		if err != nil {
			return explained(err)
		}
		page = resp.NextPage
	}
	return nil
}

// LimitedError says that GitHub takes no more calls before an instant.
type LimitedError struct{ Until time.Time }

func (e *LimitedError) Error() string {
	return "GitHub takes no more calls before " + e.Until.UTC().Format("15:04:05 MST")
}

// RefusedError is an answer that another try would not change.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

// explained turns an error into one that says whether another try may help.
func explained(err error) error {
	if limit, ok := errors.AsType[*github.RateLimitError](err); ok {
		return &LimitedError{limit.Rate.Reset.Time}
	}
	if limit, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		return &LimitedError{time.Now().Add(max(limit.GetRetryAfter(), time.Minute))} // "wait for at least one minute": GitHub's "Rate limits for the REST API"
	}
	answer, ok := errors.AsType[*github.ErrorResponse](err)
	if !ok {
		return fmt.Errorf("ask GitHub for the checks of the commit: %w", withoutAddress(err))
	}
	switch status := answer.Response.StatusCode; status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		return &RefusedError{Why: fmt.Sprintf("GitHub does not show the checks of the commit (%d, %.200s): give the job the permissions \"checks: read\" and \"statuses: read\"", status, answer.Message)}
	default:
		return fmt.Errorf("ask GitHub for the checks of the commit: it answers %d", status)
	}
}

func withoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// runInAddress finds the workflow run in the address of one of its jobs.
var runInAddress = regexp.MustCompile(`/actions/runs/([0-9]+)(?:/|$)`)

func ofRun(run *github.CheckRun) Check {
	c := Check{Name: run.GetName(), App: run.GetApp().GetSlug(), Word: run.GetStatus(), At: run.GetStartedAt().Time}
	for _, address := range []string{run.GetDetailsURL(), run.GetHTMLURL()} {
		if match := runInAddress.FindStringSubmatch(address); match != nil && c.Run == "" {
			c.Run = match[1]
		}
	}
	if run.GetStatus() != "completed" {
		return c
	}
	c.Word = run.GetConclusion()
	switch c.Word {
	case "success", "neutral", "skipped":
		c.State = Green
	default: // an unknown conclusion does not let a release through
		c.State = Red
	}
	return c
}

func ofStatus(status *github.RepoStatus) Check {
	c := Check{Name: status.GetContext(), Word: status.GetState(), At: status.GetCreatedAt().Time}
	switch c.Word {
	case "success":
		c.State = Green
	case "pending":
	default:
		c.State = Red
	}
	return c
}
