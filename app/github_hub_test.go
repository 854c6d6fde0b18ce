package app

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
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
	fake, err := fakegithub.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{github: fake, repo: fake.AddRepo("acme", "www", fakegithub.ContentRelease()), logs: &logged{}}
	t.Cleanup(func() {
		fake.Close()
		for _, v := range fake.Violations() {
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
			Kind: "github", URL: "https://github.com", APIURL: fake.URL, AppID: int(fake.AppID), KeyFile: secret("key", string(fake.KeyPEM())), Issuer: fake.Issuer(),
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
	fake.SetHook(h.url+github.WebhookPath, hookSecret, nil)
	return h
}

// hub is the app's own side of GitHub.
func (h *hub) hub() *github.GitHub {
	return h.app.current.Load().runner.(runner.BySite).All[1].(*github.GitHub)
}

// restarted is the app's side of GitHub as it would be after a restart.
func (h *hub) restarted(t *testing.T) (*github.GitHub, error) {
	t.Helper()
	return github.New(t.Context(), github.Options{Config: h.app.current.Load().config, Ledger: h.app.ledger, Log: h.app.log, Keys: h.app.keys, Accept: h.app.inbox.Accept})
}

// knowsSecret says whether a webhook that is signed with a secret is accepted.
func knowsSecret(t *testing.T, g *github.GitHub, secret string) bool {
	t.Helper()
	body := []byte(`{}`)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, github.WebhookPath, bytes.NewReader(body))
	r.Header.Set("X-GitHub-Event", "ping")
	r.Header.Set("X-GitHub-Delivery", "20000000-0000-0000-0000-000000000000")
	r.Header.Set("X-Hub-Signature-256", fakegithub.Sign(secret, body))
	answer := httptest.NewRecorder()
	g.Routes()[0].Handler.ServeHTTP(answer, r)
	return answer.Code == http.StatusAccepted
}

// setupCode is the one that the log shows.
func (h *hub) setupCode(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`code=([A-Z2-7]{20,})`).FindStringSubmatch(h.logs.String())
	if found == nil {
		t.Fatalf("the log has no code of the set-up:\n%s", h.logs)
	}
	return found[1]
}

// madeFile is where the App that /setup made is kept.
func (h *hub) madeFile() string {
	return filepath.Join(h.app.current.Load().config.State, "github-app.json")
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
