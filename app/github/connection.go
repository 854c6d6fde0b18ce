package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// connection has the link to GitHub. There is none until GitHub is set up, which /setup may
// do while the server runs.
type connection struct {
	config      config.Config
	log         *slog.Logger
	transport   http.RoundTripper
	credentials credentials
	budgets     githubapp.Budgets
	link        atomic.Pointer[link]
}

// link is the client side of a GitHub that is set up, with its secrets.
type link struct {
	runner     *githubapp.Runner
	identities *githubapp.Identities
	secrets    []string // of webhooks
	callbacks  []string // of runs without OIDC
}

// runner is the runner of the GitHub sites at the moment.
func (c *connection) runner() runner.Runner {
	if link := c.link.Load(); link != nil {
		return link.runner
	}
	return notSetUp{url: c.config.URL}
}

// wanted says whether any site's releases run on GitHub.
func (c *connection) wanted() bool {
	for _, s := range c.config.Sites {
		if s.Runner == config.RunnerGitHub {
			return true
		}
	}
	return false
}

// open makes the link of the configuration, the environment and the state
// folder; nil when none of them has an App or a token.
func (c *connection) open(ctx context.Context) (*link, error) {
	conf := c.config.GitHub
	o := githubapp.Options{
		APIURL: conf.APIURL, Gitea: conf.Kind == "gitea", AppID: int64(conf.AppID), Log: c.log, Transport: c.transport, Budgets: c.budgets, Now: ledger.Now,
		Sites: map[string]githubapp.Site{},
	}
	for name, s := range c.config.Sites {
		if s.Runner == config.RunnerGitHub {
			o.Sites[name] = githubapp.Site{
				Repository: s.GitHub.Repository, Workflow: s.GitHub.Workflow, Ref: s.GitHub.Ref,
				Environment: s.GitHub.Environment, URL: s.URL, Deployments: s.GitHub.Deployments == nil || *s.GitHub.Deployments,
				ProtectionRule: s.GitHub.ProtectionRule, Previews: s.GitHub.PreviewWorkflow(),
			}
		}
	}
	made := &link{}
	if err := c.credentials.fill(ctx, &o, made); err != nil {
		return nil, fmt.Errorf("set GitHub up: %w", err)
	}
	if o.Token == "" && o.Signer == nil {
		return nil, nil //nolint:nilnil // not set up yet is no error
	}
	var err error
	if made.runner, err = githubapp.New(o); err != nil {
		return nil, fmt.Errorf("set GitHub up: %w", err)
	}
	made.identities = githubapp.NewIdentities(context.WithoutCancel(ctx), made.runner, conf.Issuer, strings.TrimRight(c.config.URL, "/"))
	return made, nil
}

// notSetUp is the runner until GitHub is set up: it refuses, and says what to do.
type notSetUp struct{ url string }

func (n notSetUp) refusal() *runner.Refused {
	return &runner.Refused{
		Why:   "GitHub is not set up yet: open " + n.url + "/setup with the code from the app's log, or set the github section of the configuration",
		Fault: release.FaultPressrun,
	}
}

// Dispatch refuses.
func (n notSetUp) Dispatch(context.Context, runner.Job) (release.Run, error) {
	return release.Run{}, n.refusal()
}

// Find fails: GitHub can't be asked.
func (notSetUp) Find(context.Context, runner.Job) (runner.Finding, error) {
	return runner.Finding{}, errNotSetUp
}

var errNotSetUp = errors.New("GitHub is not set up")

// LookUp fails: GitHub can't be asked.
func (notSetUp) LookUp(context.Context, string, int64, release.Run) (release.Event, error) {
	return nil, errNotSetUp
}

// Cancel fails: GitHub can't be asked.
func (notSetUp) Cancel(context.Context, string, int64, release.Run) error { return errNotSetUp }

// Log has no outputs.
func (notSetUp) Log(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// Reattach does nothing: no run is GitHub's.
func (notSetUp) Reattach(context.Context) error { return nil }

// Close does nothing.
func (notSetUp) Close() error { return nil }

var _ runner.Runner = notSetUp{}
