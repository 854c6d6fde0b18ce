// Package report has the calls of a run to its app: claim, reports, heartbeats, figures.
// A report is sent again until the app answers, and never counts twice.
package report

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// App is a run's client for its app.
type App struct {
	options.RunFlags
	client  *api.Client // with the credential for claims
	asked   *askedToWait
	getenv  func(string) string
	file    *state.File
	console *console.Console
	github  *workflow.Workflow
	beating sync.Mutex // held by a heartbeat, and by calls that must not overlap one
}

// Open makes the client for the app; nil when there is no app. It sends nothing.
func Open(flags options.RunFlags, getenv func(string) string, file *state.File, c *console.Console, w *workflow.Workflow) (*App, error) {
	if flags.URL == "" {
		return nil, nil //nolint:nilnil // no app is no mistake
	}
	if flags.Token == "" {
		flags.Token = options.Token(getenv)
	}
	if flags.Token == "" && flags.TokenFile != "" {
		text, err := os.ReadFile(flags.TokenFile)
		if err != nil {
			return nil, failure.Usage("--token-file: %v", err)
		}
		flags.Token = strings.TrimSpace(string(text))
	}
	asked := &askedToWait{next: http.DefaultTransport}
	client, err := api.NewClient(flags.URL, flags.Token, api.Options{Tries: 3, Transport: asked, UserAgent: "pressrun-action"})
	if err != nil {
		return nil, failure.Usage("--url: %v", err)
	}
	a := &App{RunFlags: flags, client: client, asked: asked, getenv: getenv, file: file, console: c, github: w}
	a.Conceal(flags.Token)
	a.Conceal(file.Now().Session)
	return a, nil
}

// Conceal keeps a credential out of GitHub's log and out of reports.
func (r *App) Conceal(secret string) {
	r.github.Mask(secret)
	r.console.Conceal(secret)
}

// session is the client for all calls after the claim.
func (r *App) session() (*api.Client, state.State, error) {
	s := r.file.Now()
	if s.Session == "" {
		return nil, s, failure.Usage("this run has not claimed a release: run `pressrun action claim` first, with the same --state-file")
	}
	return r.client.WithToken(s.Session), s, nil
}

// Report reports a state to the app, with tries until limit. Each try has the same sequence,
// and no other report has it.
func (r *App) Report(ctx context.Context, to release.State, note string, limit time.Duration) (api.ReportResult, error) {
	if err := r.file.Change(func(s *state.State) { s.Sequence++ }); err != nil {
		return api.ReportResult{}, err
	}
	var out api.ReportResult
	err := r.persist(ctx, limit, func(ctx context.Context) error {
		client, s, err := r.session()
		if err != nil {
			return err
		}
		out, err = client.Report(ctx, s.Site, s.Release, api.ReportInput{Run: s.Run, Sequence: s.Sequence, State: to, Note: note})
		return err
	})
	if err != nil {
		return out, err
	}
	return out, r.file.Change(func(s *state.State) { s.Reported = to })
}

// Fail reports a failure to the app, with tries until limit. It sets the run and the
// sequence.
func (r *App) Fail(ctx context.Context, in api.FailureInput, limit time.Duration) error {
	if err := r.file.Change(func(s *state.State) { s.Sequence++ }); err != nil {
		return err
	}
	err := r.persist(ctx, limit, func(ctx context.Context) error {
		client, s, err := r.session()
		if err != nil {
			return err
		}
		in.Run, in.Sequence = s.Run, s.Sequence
		return client.Fail(ctx, s.Site, s.Release, in)
	})
	if errors.Is(err, failure.ErrTakenAway) {
		return nil // the app has ended the release already
	}
	return err
}

// inSession makes a call, and once more in a new session if the app no longer knows the old
// one.
func (r *App) inSession(ctx context.Context, call func(*api.Client, state.State) error) error {
	client, s, err := r.session()
	if err != nil {
		return err
	}
	if err = call(client, s); !IsStatus(err, http.StatusUnauthorized) {
		return err
	}
	if err := r.renew(ctx); err != nil {
		return err
	}
	if client, s, err = r.session(); err != nil {
		return err
	}
	return call(client, s)
}

// PutAccount gives the account of a bake to the app.
func (r *App) PutAccount(ctx context.Context, account api.AccountInput) error {
	return r.inSession(ctx, func(client *api.Client, s state.State) error {
		return client.PutAccount(ctx, s.Site, s.Release, account)
	})
}

// PutMetrics gives the run's figures to the app.
func (r *App) PutMetrics(ctx context.Context, figures api.Metrics) error {
	return r.inSession(ctx, func(client *api.Client, s state.State) error {
		return client.PutMetrics(ctx, s.Site, s.Release, figures)
	})
}
