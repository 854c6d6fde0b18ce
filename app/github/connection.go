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

// connection is the way to GitHub. There is none until GitHub is set up, which
// /setup may do while the server runs.
type connection struct {
	config      config.Config
	log         *slog.Logger
	transport   http.RoundTripper
	credentials credentials
	budgets     githubapp.Budgets
	link        atomic.Pointer[link]
}

// link is what the server has of GitHub once it is set up.
type link struct {
	runner     *githubapp.Runner
	identities *githubapp.Identities
	secrets    []string // of webhooks
	callbacks  []string // of runs without OIDC
}

// runner is what carries the GitHub sites' releases out now.
func (c *connection) runner() runner.Runner {
	if link := c.link.Load(); link != nil {
		return link.runner
	}
	return notSetUp{url: c.config.URL}
}

// wanted says whether any site runs on GitHub.
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

// notSetUp stands in until GitHub is set up: it refuses, and says what to do.
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

// Find has nothing to find: nothing was ever sent.
func (notSetUp) Find(context.Context, runner.Job) (runner.Finding, error) {
	return runner.Finding{}, errNotSetUp
}

var errNotSetUp = errors.New("GitHub is not set up")

// LookUp knows nothing.
func (notSetUp) LookUp(context.Context, string, int64, release.Run) (release.Event, error) {
	return nil, errNotSetUp
}

// Cancel can't.
func (notSetUp) Cancel(context.Context, string, int64, release.Run) error { return errNotSetUp }

// Log has none.
func (notSetUp) Log(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// Adopt has nothing to take over.
func (notSetUp) Adopt(context.Context) error { return nil }

// Close has nothing to close.
func (notSetUp) Close() error { return nil }

var _ runner.Runner = notSetUp{}
