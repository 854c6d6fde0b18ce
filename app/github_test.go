package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
		Tokens: []config.Token{{Name: "ops", Role: "operator", SHA256: hashToken(operatorToken)}},
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
	if _, err := h.client.Ask(t.Context(), "www", hashToken(title), api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: title}); err != nil {
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

func TestAReleaseThroughGitHub(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) {
		yes := true
		site := c.Sites["www"]
		site.GitHub.Deployments = &yes
		c.Sites["www"] = site
	})
	run := h.dispatched(t)
	h.publish(t, run)
	site := h.until(t, "ready", inState(release.Ready))
	if site.Last.Outcome != release.Succeeded || site.Last.Run.URL != fmt.Sprintf("https://github.com/acme/www/actions/runs/%d", run.ID) {
		t.Errorf("the release ended as %+v", site.Last)
	}
	deadline := time.Now().Add(15 * time.Second)
	for {
		got := h.github.Deployments()
		if len(got) == 1 && len(got[0].States) > 0 && got[0].States[len(got[0].States)-1] == "success" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("GitHub shows the deployments %+v", got)
		}
		time.Sleep(20 * time.Millisecond)
	}
	out, err := h.client.Log(t.Context(), "www", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if text, err := io.ReadAll(out); err != nil || !strings.Contains(string(text), "The run's output is on GitHub") {
		t.Errorf("the log is %q, %v", text, err)
	}
}

func TestARefusalOfGitHubsIsToldAndEndsTheRelease(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.github.Lock(func() { h.repo.Workflows["content-release.yml"].State = "disabled_manually" })
	h.ask(t, "New hours")
	site := h.until(t, "failed", func(s release.Site) bool { return s.Last.Outcome != "" })
	if site.State == release.Dispatched || !strings.Contains(site.Last.Why, "switched off") {
		t.Errorf("the site is %s, the release ended with %q", site.State, site.Last.Why)
	}
	events, err := h.app.ledger.EventsOfRelease(t.Context(), "www", 1, 100)
	if err != nil {
		t.Fatal(err)
	}
	said := false
	for _, e := range events {
		said = said || strings.Contains(e.Why, "switch it on")
	}
	if !said {
		t.Errorf("no event says what to do: %+v", events)
	}
}

func TestALostAnswerMakesOneRun(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.github.Inject(fakegithub.Dispatches(fakegithub.Times(1, fakegithub.Always(fakegithub.Fault{Lose: true}))))
	h.github.SetHook("", "", nil)
	h.publish(t, h.dispatched(t))
	if n := len(h.github.Runs()); n != 1 {
		t.Errorf("GitHub has %d runs, want 1", n)
	}
}

func TestAServerThatDoesNotNameTheRun(t *testing.T) {
	h := startHub(t, fakegithub.Options{OldServer: true}, nil)
	h.github.SetHook("", "", nil)
	h.publish(t, h.dispatched(t))
	h.until(t, "ready", inState(release.Ready))
}

func TestARunsEndIsKnownByWebhookAlone(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "in_progress", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, h.github.IDToken(run, "http://pressrun.test", nil), claimOf(run)); err != nil {
		t.Fatal(err)
	}
	h.github.FailStep(run.ID, "Build")
	if err := h.github.Step(run.ID, "completed", "failure"); err != nil {
		t.Fatal(err)
	}
	site := h.until(t, "failed", func(s release.Site) bool { return s.Last.Number == 1 })
	if !strings.Contains(site.Last.Why, `at the step "Build"`) || site.Last.Fault != release.FaultBuild {
		t.Errorf("the release ended with %q, the fault of %q", site.Last.Why, site.Last.Fault)
	}
}

func TestARunsEndIsKnownByPollingAlone(t *testing.T) {
	second := config.Duration(time.Second)
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) {
		site := c.Sites["www"]
		site.Deadlines.Silence = &second
		c.Sites["www"] = site
	})
	h.github.SetHook("", "", nil)
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "completed", "startup_failure"); err != nil {
		t.Fatal(err)
	}
	site := h.until(t, "failed", func(s release.Site) bool { return s.Last.Number == 1 })
	if !strings.Contains(site.Last.Why, "could not start") {
		t.Errorf("the release ended with %q", site.Last.Why)
	}
}

// With every webhook dropped the rules must look at a run often enough that
// its state is right within 60 s, whether it reports or not.
func TestThePolicyLooksAtARunWithinAMinute(t *testing.T) {
	p := release.DefaultPolicy()
	if worst := p.Silence + p.LookEvery/2; worst > time.Minute {
		t.Errorf("a run may go unseen for %s", worst)
	}
	site := release.NewSite("www", p)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	decide := func(e release.Event) []release.Effect {
		next, effects, err := release.Step(site, e, now)
		if err != nil {
			t.Fatal(err)
		}
		site = next
		return effects
	}
	decide(release.RequestAccepted{Source: release.FromEditor})
	now = now.Add(p.MaxWait)
	decide(release.Tick{Token: "T"})
	run := release.Run{ID: "7", Attempt: 1}
	decide(release.DispatchConfirmed{Token: "T", Run: run})
	last, looks := now, 0
	for range 3600 { // an hour in a queue: nothing reports
		now = now.Add(time.Second)
		if due := site.NextTick(now); due.IsZero() || due.After(now) {
			continue
		}
		for _, e := range decide(release.Tick{Token: "U"}) {
			if _, ok := e.(release.LookUpRun); !ok {
				continue
			}
			if gap := now.Sub(last); gap > time.Minute {
				t.Fatalf("the run was not looked at for %s", gap)
			}
			last, looks = now, looks+1
			decide(release.RunSeen{Run: run, Note: "waits in GitHub's queue"})
		}
	}
	if looks < 60 {
		t.Errorf("the run was looked at %d times in an hour", looks)
	}
}

func TestAForgedClaimChangesNothing(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	other, err := h.github.Press("acme/www", "content-release.yml", "schedule", nil)
	if err != nil {
		t.Fatal(err)
	}
	const here = "http://pressrun.test"
	good := claimOf(run)
	later := good
	later.Run.Attempt = 2
	tests := []struct {
		name, bearer string
		in           api.ClaimInput
		status       int
	}{
		{"nobody", "", good, 401},
		{"another audience", h.github.IDToken(run, "https://elsewhere.example", nil), good, 401},
		{"another workflow", h.github.IDToken(run, here, map[string]any{"workflow_ref": "acme/www/.github/workflows/x.yml@refs/heads/main"}), good, 401},
		{"another repository", h.github.IDToken(run, here, map[string]any{"repository": "evil/www", "repository_id": "1"}), good, 401},
		{"expired", h.github.IDToken(run, here, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), good, 401},
		{"another run's token", h.github.IDToken(other, here, nil), good, 403},
		{"another attempt's token", h.github.IDToken(run, here, nil), later, 403},
		{"a scheduled run with a stolen dispatch token", h.github.IDToken(other, here, nil), api.ClaimInput{Release: good.Release, Token: good.Token, Run: claimOf(other).Run}, 403},
		{"a guessed dispatch token", h.github.IDToken(run, here, nil), api.ClaimInput{Release: good.Release, Token: "GUESS", Run: good.Run}, 409},
		{"a made-up callback", "prh_e30.AAAA", good, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.claim(t, tt.bearer, tt.in)
			p, ok := errors.AsType[*api.Problem](err)
			if !ok || p.Status != tt.status {
				t.Errorf("the claim gave %v, want %d", err, tt.status)
			}
			if site, err := h.app.ledger.Site(t.Context(), "www"); err != nil || site.State != release.Dispatched {
				t.Errorf("the site is %s, %v", site.State, err)
			}
		})
	}
	bearer := h.github.IDToken(run, here, nil)
	if _, err := h.claim(t, bearer, good); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, bearer, good); api.CodeOf(err) != codeReplayed {
		t.Errorf("a replayed token gave %v", err)
	}
	if _, err := h.claim(t, h.github.IDToken(run, here, nil), good); err != nil {
		t.Errorf("the same run with a fresh token gave %v", err)
	}
	if _, err := h.client.WithToken(h.github.IDToken(run, here, nil)).Sites(t.Context()); err == nil {
		t.Error("a run's token is good for more than a claim")
	}
}

func TestARunWithoutOIDCClaimsByTheSharedSecret(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	in := claimOf(run)
	bearer, err := api.SignCallback(callbackSecret, api.Callback{Site: "www", RunID: in.Run.ID, Attempt: 1, ID: "once", Expires: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, bearer, in); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, bearer, in); api.CodeOf(err) != codeReplayed {
		t.Errorf("a replayed callback gave %v", err)
	}
}

func TestARunByTheButtonTakesTheSitesTurn(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	for _, event := range []string{"workflow_dispatch", "schedule"} {
		run, err := h.github.Press("acme/www", "content-release.yml", event, nil)
		if err != nil {
			t.Fatal(err)
		}
		h.publish(t, run)
		site := h.until(t, "ready", inState(release.Ready))
		if site.Last.Outcome != release.Succeeded || site.Last.Run.ID != strconv.FormatInt(run.ID, 10) {
			t.Errorf("by %s: the release ended as %+v", event, site.Last)
		}
	}
}

func TestARerunTakesTheFailedReleaseUp(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "in_progress", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, h.github.IDToken(run, "http://pressrun.test", nil), claimOf(run)); err != nil {
		t.Fatal(err)
	}
	if err := h.github.Step(run.ID, "completed", "failure"); err != nil {
		t.Fatal(err)
	}
	h.until(t, "failed", func(s release.Site) bool { return s.Last.Number == 1 })
	again, err := h.github.Rerun(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.publish(t, again)
	site := h.until(t, "ready", inState(release.Ready))
	if site.Last.Outcome != release.Succeeded || site.Last.Run.Attempt != 2 {
		t.Errorf("the re-run ended as %+v", site.Last)
	}
}

func TestWebhooksThatAreNotTaken(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	body := fakegithub.Example("workflow_run.completed.1")
	tests := []struct {
		name, event, signature string
		body                   []byte
		status                 int
	}{
		{"signed", "workflow_run", fakegithub.Sign(hookSecret, body), body, 202},
		{"unsigned", "workflow_run", "", body, 401},
		{"forged", "workflow_run", fakegithub.Sign("guess", body), body, 401},
		{"cut short", "workflow_run", fakegithub.Sign(hookSecret, body), body[:len(body)/2], 401},
		{"cut short before it was signed", "workflow_run", fakegithub.Sign(hookSecret, body[:100]), body[:100], 400},
		{"too large", "workflow_run", fakegithub.Sign(hookSecret, nil), bytes.Repeat([]byte(" "), 26<<20), 413},
		{"of an event that we do not know", "of_tomorrow", fakegithub.Sign(hookSecret, []byte("{}")), []byte("{}"), 202},
		{"ping", "ping", fakegithub.Sign(hookSecret, fakegithub.Example("ping.ping")), fakegithub.Example("ping.ping"), 202},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+hookPath, bytes.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-GitHub-Event", tt.event)
			r.Header.Set("X-GitHub-Delivery", fmt.Sprintf("00000000-0000-0000-0000-%012d", i))
			if tt.signature != "" {
				r.Header.Set("X-Hub-Signature-256", tt.signature)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("the answer is %s, want %d", resp.Status, tt.status)
			}
		})
	}
}

func TestWebhooksOutOfOrderLateAndDoubledChangeNothing(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	// Everything of a run twice, and what came first last.
	delays := map[string]time.Duration{"requested": 400 * time.Millisecond, "queued": 300 * time.Millisecond, "in_progress": 200 * time.Millisecond}
	h.github.SetHook(h.url+hookPath, hookSecret, func(hook fakegithub.Hook) fakegithub.HookPlan {
		return fakegithub.HookPlan{Copies: 2, Delay: delays[hook.Action]}
	})
	h.publish(t, h.dispatched(t))
	h.until(t, "ready", inState(release.Ready))
	h.ask(t, "The next one")
	h.until(t, "the next one", inState(release.Dispatched))
	time.Sleep(600 * time.Millisecond) // the first run's late webhooks come now
	site := h.until(t, "the next one", inState(release.Dispatched))
	if site.Current.Number != 2 || site.Last.Outcome != release.Succeeded || site.Failures != 0 {
		t.Errorf("late webhooks of release #1 made of the site: %+v", site)
	}
}

func TestMissedWebhooksAreSentAgain(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.github.SetHook(h.url+hookPath, hookSecret, func(fakegithub.Hook) fakegithub.HookPlan { return fakegithub.HookPlan{Fail: true} })
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "completed", "cancelled"); err != nil {
		t.Fatal(err)
	}
	if s, err := h.app.ledger.Site(t.Context(), "www"); err != nil || s.State != release.Dispatched {
		t.Fatalf("the site is %s, %v", s.State, err)
	}
	h.app.github.askForMissed(t.Context())
	site := h.until(t, "cancelled", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome != release.Cancelled {
		t.Errorf("the release ended as %+v", site.Last)
	}
}

func TestTextOfTheCMSNeverReachesGitHub(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	const nasty = "Hours\n::set-output name=x::y\n_GitHubActionsFileCommandDelimeter_\n<script>alert(1)</script> $(rm -rf /) `id` ${{ secrets.X }}"
	h.ask(t, nasty)
	site := h.until(t, "dispatched", inState(release.Dispatched))
	run := h.github.Runs()[0]
	for name, value := range run.Inputs {
		if strings.ContainsAny(value, "\n<>$`:{") && name != "app_url" {
			t.Errorf("the input %s is %q", name, value)
		}
	}
	if run.Title != "Content release #1 ["+site.Current.Dispatch.Token+"]" {
		t.Errorf("the run's name is %q", run.Title)
	}
}

func TestDoctorsChecks(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	checks, err := h.client.GitHubChecks(t.Context())
	if err != nil || len(checks) < 4 || checks[0].Result != "ok" {
		t.Fatalf("the checks are %+v, %v", checks, err)
	}
	h.github.Lock(func() { h.repo.Workflows["content-release.yml"].State = "disabled_manually" })
	checks, err = h.client.GitHubChecks(t.Context())
	if err != nil || checks[len(checks)-1].Result != "failed" || !strings.Contains(checks[len(checks)-1].Do, "switch it on") {
		t.Errorf("of a workflow that is switched off the checks are %+v, %v", checks, err)
	}
	if _, err := h.client.WithToken("").GitHubChecks(t.Context()); err == nil {
		t.Error("anybody may have the checks made")
	}
}
