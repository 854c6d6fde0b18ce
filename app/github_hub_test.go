package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

const (
	hookSecret     = "the webhooks' secret"
	callbackSecret = "the secret that runs share with the app"
)

// hub is an app whose site runs on a fake GitHub.
type hub struct {
	*bench
	github *fakegithub.Server
	repo   *fakegithub.Repo
	logs   *logged
}

// logged is what the app logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func startHub(t *testing.T, o fakegithub.Options, change func(*config.Config)) *hub {
	t.Helper()
	github, err := fakegithub.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{github: github, repo: github.AddRepo("acme", "www", fakegithub.ContentRelease()), logs: &logged{}}
	t.Cleanup(func() {
		github.Close()
		for _, v := range github.Violations() {
			t.Errorf("against GitHub's description: %s", v)
		}
	})
	dir := t.TempDir()
	secret := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	zero, no := config.Duration(0), false
	conf := config.Config{
		State: t.TempDir(), Listen: "127.0.0.1:0", URL: "http://pressrun.test", Pages: config.Pages{Access: "token"},
		Tokens: []config.Token{{Name: "ops", Role: "operator", SHA256: auth.HashToken(operatorToken)}},
		GitHub: config.GitHub{
			Kind: "github", URL: "https://github.com", APIURL: github.URL, AppID: int(github.AppID), KeyFile: secret("key", string(github.KeyPEM())), Issuer: github.Issuer(),
			WebhookSecretFiles: []string{secret("hook", hookSecret)}, CallbackSecretFiles: []string{secret("callback", callbackSecret)},
		},
		Sites: map[string]config.Site{"www": {
			Title: "The library", TimeZone: "UTC", Runner: "github", Quiet: &zero, URL: "https://www.example.gov",
			GitHub: config.SiteGitHub{Repository: "acme/www", Workflow: "content-release.yml", Ref: "main", Environment: "production", Deployments: &no},
		}},
	}
	if change != nil {
		change(&conf)
	}
	debug := slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.bench = serving(t, Options{Config: conf, Log: debug, Grace: 3 * time.Second})
	github.SetHook(h.url+hookPath, hookSecret, nil)
	return h
}

func (h *hub) ask(t *testing.T, title string) {
	t.Helper()
	if _, err := h.client.Ask(t.Context(), "www", auth.HashToken(title), api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: title}); err != nil {
		t.Fatal(err)
	}
}

func inState(s release.State) func(release.Site) bool {
	return func(site release.Site) bool { return site.State == s }
}

// dispatched asks for a release and gives GitHub's run of it.
func (h *hub) dispatched(t *testing.T) fakegithub.Run {
	t.Helper()
	h.ask(t, "New hours")
	return h.waiting(t)
}

// waiting gives GitHub's run of the release that is dispatched.
func (h *hub) waiting(t *testing.T) fakegithub.Run {
	t.Helper()
	site := h.until(t, "dispatched", inState(release.Dispatched))
	id, err := strconv.ParseInt(site.Current.Run.ID, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	run, ok := h.github.Run(id)
	if !ok {
		t.Fatalf("GitHub has no run %d", id)
	}
	return run
}

func claimOf(run fakegithub.Run) api.ClaimInput {
	in := api.ClaimInput{Run: api.Run{ID: strconv.FormatInt(run.ID, 10), Attempt: run.Attempt}, Token: run.Inputs["token"]}
	in.Release, _ = strconv.ParseInt(run.Inputs["release"], 10, 64) // none for a run that nobody dispatched
	return in
}

func (h *hub) claim(t *testing.T, bearer string, in api.ClaimInput) (api.ClaimResult, error) {
	t.Helper()
	return h.client.WithToken(bearer).Claim(t.Context(), "www", in)
}

// publish plays a run from its claim to its end.
func (h *hub) publish(t *testing.T, run fakegithub.Run) {
	t.Helper()
	if err := h.github.Step(run.ID, "in_progress", ""); err != nil {
		t.Fatal(err)
	}
	got, err := h.claim(t, h.github.IDToken(run, "http://pressrun.test", nil), claimOf(run))
	if err != nil {
		t.Fatal(err)
	}
	session := h.client.WithToken(got.Session)
	for i, s := range []release.State{release.InProgress, release.Complete, release.Ready} {
		if _, err := session.Report(t.Context(), "www", got.Release, api.ReportInput{Run: claimOf(run).Run, Sequence: int64(i + 1), State: s}); err != nil {
			t.Fatalf("report %s: %v", s, err)
		}
	}
	if err := h.github.Step(run.ID, "completed", "success"); err != nil {
		t.Fatal(err)
	}
}
