//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/program"
)

// runTakes is how long a run takes before it reports its first state, and again before it
// reports that all is live.
const runTakes = time.Second

// startLimit bounds the wait for a server.
const startLimit = 2 * time.Minute

func nameOf(i int) string { return fmt.Sprintf("site-%04d", i) }

// stage is an app with many sites, whose releases a GitHub of the bench's own carries out.
type stage struct {
	ctx    context.Context //nolint:containedctx // the life of the measurement
	github *fakegithub.Server
	server *program.Server
	client *api.Client
	app    *running
	seen   []api.Event

	mu     sync.Mutex
	failed []error // of runs
}

// newStage starts the app. Each site has more keys beside those of its runner.
func newStage(t testing.TB, o options, more map[string]any) *stage {
	t.Helper()
	s := &stage{ctx: t.Context()}
	var err error
	if s.github, err = fakegithub.Start(fakegithub.Options{OnDispatch: s.play}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.github.Close)
	dir := t.TempDir()
	key, secret := filepath.Join(dir, "key"), filepath.Join(dir, "secret")
	if err := errors.Join(os.WriteFile(key, s.github.KeyPEM(), 0o600), os.WriteFile(secret, []byte("the webhooks' secret"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s.server = install(t, dir, program.Settings{Apart: true, Sites: s.sites(o, more), More: map[string]any{"github": map[string]any{
		"api_url": s.github.URL, "app_id": s.github.AppID, "key_file": key, "issuer": s.github.Issuer(), "webhook_secret_files": []string{secret},
	}}})
	if s.client, err = api.NewClient(s.server.URL, s.server.Token, api.Options{}); err != nil {
		t.Fatal(err)
	}
	s.app = start(t, s.server)
	return s
}

// sites are a repository for each, on some accounts.
func (s *stage) sites(o options, more map[string]any) map[string]any {
	sites, installations := map[string]any{}, map[string]int64{}
	for i := range o.sites {
		name, owner := nameOf(i), fmt.Sprintf("agency-%02d", i%o.installations)
		repo := s.github.AddRepo(owner, name, fakegithub.ContentRelease())
		if installations[owner] == 0 {
			installations[owner] = repo.Installation
		}
		s.github.Lock(func() { repo.Installation = installations[owner] })
		site := map[string]any{"runner": "github", "quiet": "0s", "github": map[string]any{"repository": owner + "/" + name, "deployments": false}}
		for key, value := range more {
			site[key] = value
		}
		sites[name] = site
	}
	return sites
}

// play does what the action does in a run.
func (s *stage) play(run fakegithub.Run) {
	if err := s.work(run); err != nil && s.ctx.Err() == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failed = append(s.failed, fmt.Errorf("run %d of %s: %w", run.ID, run.Repo, err))
	}
}

func (s *stage) work(run fakegithub.Run) error {
	number, err := strconv.ParseInt(run.Inputs["release"], 10, 64)
	if err != nil {
		return fmt.Errorf("read the release's number: %w", err)
	}
	if err := errors.Join(s.github.Step(run.ID, "in_progress", ""), pause(s.ctx, runTakes)); err != nil {
		return err
	}
	site, name := run.Inputs["site"], api.Run{ID: strconv.FormatInt(run.ID, 10), Attempt: run.Attempt}
	identity := s.client.WithToken(s.github.IDToken(run, s.server.URL, nil))
	got, err := identity.Claim(s.ctx, site, api.ClaimInput{Release: number, Token: run.Inputs["token"], Run: name})
	if err != nil {
		return err
	}
	session := s.client.WithToken(got.Session)
	for i, state := range []release.State{release.InProgress, release.Complete, release.Ready} {
		if _, err := session.Report(s.ctx, site, got.Release, api.ReportInput{Run: name, Sequence: int64(i + 1), State: state}); err != nil {
			return err
		}
		if state == release.InProgress {
			if err := pause(s.ctx, runTakes); err != nil {
				return err
			}
		}
	}
	return s.github.Step(run.ID, "completed", "success")
}

// events are the audit trail from its beginning; what was read before is not read again.
func (s *stage) events(t testing.TB) []api.Event {
	t.Helper()
	for {
		last := int64(0)
		if n := len(s.seen); n > 0 {
			last = s.seen[n-1].ID
		}
		more, err := s.client.EventList(t.Context(), "", last, 0)
		if err != nil {
			t.Fatalf("read the audit trail: %v", err)
		}
		if len(more) == 0 {
			return s.seen
		}
		s.seen = append(s.seen, more...)
	}
}

// allWell fails where a run could not do what it had to.
func (s *stage) allWell(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.failed) > 0 {
		t.Fatalf("%d runs went wrong, such as: %v", len(s.failed), s.failed[0])
	}
}

// install makes an installation of the real program.
func install(t testing.TB, dir string, settings program.Settings) *program.Server {
	t.Helper()
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	s, err := program.InstallWith(t.Context(), dir, settings, binary, "serve", "--log-level", "warn", "--config")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// running is a server that was started.
type running struct {
	*program.Process
	log  string
	over sync.Once
}

// start starts a server, which ends with the measurement if nobody ends it before, and
// waits until it answers.
func start(t testing.TB, s *program.Server) *running {
	t.Helper()
	process, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Process: process, log: s.Log}
	t.Cleanup(func() { r.end(t) })
	if err := s.Ready(t.Context(), startLimit); err != nil {
		t.Fatal(err)
	}
	return r
}

// end ends a server, and passes on what it said.
func (r *running) end(t testing.TB) {
	t.Helper()
	r.over.Do(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		said, err := os.ReadFile(r.log)
		if err != nil {
			t.Error(err)
		}
		for text := range strings.Lines(string(said)) {
			if strings.HasPrefix(text, "time=") { // not that it was told to end
				t.Log("the server said:", strings.TrimSpace(text))
			}
		}
	})
}

func pause(ctx context.Context, span time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(span):
		return nil
	}
}
