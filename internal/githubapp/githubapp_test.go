package githubapp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp/secrets"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/fakegithub"
)

type bench struct {
	github *fakegithub.Server
	repo   *fakegithub.Repo
	runner *Runner
}

func start(t *testing.T, o fakegithub.Options, change func(*Options)) *bench {
	t.Helper()
	github, err := fakegithub.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{github: github, repo: github.AddRepo("acme", "www", fakegithub.ContentRelease())}
	signer, err := secrets.KeySigner(github.KeyPEM())
	if err != nil {
		t.Fatal(err)
	}
	options := Options{
		APIURL: github.URL, AppID: github.AppID, Signer: signer, Spacing: time.Millisecond,
		Sites: map[string]Site{"www": {Repository: "acme/www", Workflow: "content-release.yml", Ref: "main", Environment: "production", URL: "https://www.example.gov", Deployments: true}},
	}
	if o.InProcess {
		options.Transport = github.Transport()
	}
	if change != nil {
		change(&options)
	}
	if b.runner, err = New(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.runner.Close(); err != nil {
			t.Error(err)
		}
		github.Close()
		for _, v := range github.Violations() {
			t.Errorf("against GitHub's description: %s", v)
		}
	})
	return b
}

func job(token string) runner.Job {
	return runner.Job{Site: "www", Release: 12, Token: token, AppURL: "https://pressrun.example.gov", Bearer: "not for GitHub"}
}

// GitHub refuses inputs that a workflow does not declare: an older file goes on to
// build, and refuses to roll back rather than build then.
func TestOnlyARollbackIsDispatchedAsOne(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	build, back := job("TOKEN1"), job("TOKEN2")
	back.RollbackTo = 7
	for _, one := range []runner.Job{build, back} {
		if _, err := b.runner.Dispatch(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	inputs := map[string]map[string]string{}
	for _, run := range b.github.Runs() {
		inputs[run.Inputs["token"]] = run.Inputs
	}
	if _, has := inputs["TOKEN1"]["rollback_to"]; has || inputs["TOKEN2"]["rollback_to"] != "7" {
		t.Errorf("the inputs: %v", inputs)
	}
}

func TestDispatchNamesTheRun(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	run, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
	if err != nil {
		t.Fatal(err)
	}
	runs := b.github.Runs()
	if len(runs) != 1 || run.ID != strconv.FormatInt(runs[0].ID, 10) || run.Attempt != 1 || run.URL == "" {
		t.Fatalf("Dispatch gave %+v; GitHub has %+v", run, runs)
	}
	for name, value := range map[string]string{"site": "www", "release": "12", "token": "TOKEN1", "app_url": "https://pressrun.example.gov"} {
		if runs[0].Inputs[name] != value {
			t.Errorf("the input %s is %q, want %q", name, runs[0].Inputs[name], value)
		}
	}
	for name, value := range runs[0].Inputs {
		if strings.Contains(value, "not for GitHub") {
			t.Errorf("the credential went out in the input %s, which everybody can read", name)
		}
	}
}

func TestServersThatDoNotTellTheRunAreAskedAndThenSearched(t *testing.T) {
	b := start(t, fakegithub.Options{OldServer: true}, nil)
	for _, token := range []string{"TOKEN1", "TOKEN2"} {
		if _, err := b.runner.Dispatch(t.Context(), job(token)); !errors.Is(err, runner.ErrAccepted) {
			t.Fatalf("Dispatch gave %v, want ErrAccepted", err)
		}
	}
	if n := b.github.Count(http.MethodPost, "/dispatches"); n != 3 {
		t.Errorf("%d dispatches were sent, want 3: the refused form once, the plain form twice", n)
	}
	found, err := b.runner.Find(t.Context(), job("TOKEN2"))
	if err != nil || !found.Found {
		t.Fatalf("Find gave %+v, %v", found, err)
	}
	if runs := b.github.Runs(); found.Run.ID != strconv.FormatInt(runs[1].ID, 10) {
		t.Errorf("Find gave run %s, want %d", found.Run.ID, runs[1].ID)
	}
}

func TestADispatchIsNeverSentTwice(t *testing.T) {
	tests := []struct {
		name  string
		fault fakegithub.Fault
		runs  int
	}{
		{"the answer is lost after the effect", fakegithub.Fault{Lose: true}, 1},
		{"502 after the effect", fakegithub.Fault{Status: 502, After: true}, 1},
		{"503 without effect", fakegithub.Broken(503), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, nil)
			b.github.Inject(fakegithub.Dispatches(fakegithub.Times(1, fakegithub.Always(tt.fault))))
			_, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
			_, refused := errors.AsType[*runner.Refused](err)
			_, deferred := errors.AsType[*runner.Deferred](err)
			if err == nil || refused || deferred {
				t.Fatalf("Dispatch gave %v, want an error that says nothing of the outcome", err)
			}
			if n := b.github.Count(http.MethodPost, "/dispatches"); n != 1 {
				t.Errorf("%d dispatches were sent, want 1", n)
			}
			found, err := b.runner.Find(t.Context(), job("TOKEN1"))
			if err != nil || found.Found != (tt.runs == 1) || found.Final {
				t.Errorf("Find gave %+v, %v; GitHub has %d runs", found, err, len(b.github.Runs()))
			}
		})
	}
}

func TestFindWaitsForALaggingList(t *testing.T) {
	b := start(t, fakegithub.Options{ListLag: time.Hour}, nil)
	if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err != nil {
		t.Fatal(err)
	}
	found, err := b.runner.Find(t.Context(), job("TOKEN1"))
	if err != nil || found.Found || found.Final {
		t.Errorf("Find gave %+v, %v, want not found and not final", found, err)
	}
	b.github.Change(func(o *fakegithub.Options) { o.ListLag = 0 })
	if found, err := b.runner.Find(t.Context(), job("TOKEN1")); err != nil || !found.Found {
		t.Errorf("Find gave %+v, %v, want found", found, err)
	}
}

func TestFindTakesTheFirstOfSeveralRuns(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	for range 3 {
		if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err != nil {
			t.Fatal(err)
		}
	}
	found, err := b.runner.Find(t.Context(), job("TOKEN1"))
	if err != nil || found.Run.ID != strconv.FormatInt(b.github.Runs()[0].ID, 10) {
		t.Errorf("Find gave %+v, %v, want the first run", found, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	tests := []struct {
		name   string
		change func(b *bench)
		want   []string
	}{
		{"no such workflow", func(b *bench) { delete(b.repo.Workflows, "content-release.yml") }, []string{"there is no workflow .github/workflows/content-release.yml", "acme/www"}},
		{"App not installed", func(b *bench) { b.repo.Installation = 0 }, []string{"not installed on acme/www", "install it"}},
		{"no trigger", func(b *bench) { b.repo.Workflows["content-release.yml"].NoDispatch = true }, []string{"workflow_dispatch", "add it"}},
		{"no ref", func(b *bench) { b.repo.Branches = nil }, []string{"no branch or tag main", "github.ref"}},
		{"unknown input", func(b *bench) { b.repo.Workflows["content-release.yml"].Inputs = []string{"site"} }, []string{"does not declare the inputs", `"token"`}},
		{"switched off", func(b *bench) { b.repo.Workflows["content-release.yml"].State = "disabled_manually" }, []string{"switched off", "switch it on"}},
		{"permission not granted", func(b *bench) { b.repo.Permissions = map[string]string{"actions": "read", "metadata": "read"} }, []string{"permissions", "Actions: read and write"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, nil)
			b.github.Lock(func() { tt.change(b) })
			_, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
			refused, ok := errors.AsType[*runner.Refused](err)
			if !ok {
				t.Fatalf("Dispatch gave %v, want a refusal", err)
			}
			for _, words := range tt.want {
				if !strings.Contains(refused.Why, words) {
					t.Errorf("the refusal %q does not say %q", refused.Why, words)
				}
			}
		})
	}
}

func TestARefusalIsOverOnceItsCauseIs(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	installation := b.repo.Installation
	b.github.Lock(func() { b.repo.Installation = 0 })
	if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err == nil {
		t.Fatal("the dispatch was taken without an installation")
	}
	b.github.Lock(func() { b.repo.Installation = installation })
	if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err != nil {
		t.Errorf("after the App was installed Dispatch gave %v", err)
	}
}

func TestAWorkflowThatSleptIsSwitchedOnAgain(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	b.github.Lock(func() { b.repo.Workflows["content-release.yml"].State = "disabled_inactivity" })
	if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err != nil {
		t.Fatal(err)
	}
	if n := len(b.github.Runs()); n != 1 {
		t.Errorf("there are %d runs, want 1", n)
	}
}

func TestLimitsAreObeyed(t *testing.T) {
	primary := func(status int) func(time.Time) fakegithub.Fault {
		return func(now time.Time) fakegithub.Fault { return fakegithub.PrimaryLimit(status, now.Add(30*time.Second)) }
	}
	secondary := func(status int) func(time.Time) fakegithub.Fault {
		return func(time.Time) fakegithub.Fault { return fakegithub.SecondaryLimit(status, 40*time.Second) }
	}
	tests := []struct {
		name  string
		fault func(now time.Time) fakegithub.Fault
		least time.Duration
	}{
		{"primary by 403", primary(403), 28 * time.Second},
		{"primary by 429", primary(429), 28 * time.Second},
		{"secondary by 403", secondary(403), 39 * time.Second},
		{"secondary by 429", secondary(429), 39 * time.Second},
		{"without a word how long", func(time.Time) fakegithub.Fault {
			return fakegithub.Fault{Status: 429, Text: `{"message":"slow down"}`}
		}, 59 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, nil)
			began := time.Now()
			b.github.Inject(fakegithub.Dispatches(fakegithub.Always(tt.fault(began))))
			for range 3 {
				_, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
				deferred, ok := errors.AsType[*runner.Deferred](err)
				// It was deferred at some time since began, and until now.
				if !ok || deferred.Until.Before(began.Add(tt.least)) || deferred.Until.After(time.Now().Add(tt.least+5*time.Second)) {
					t.Fatalf("Dispatch gave %v, want a Deferred for %s", err, tt.least)
				}
			}
			if n := b.github.Count(http.MethodPost, "/dispatches"); n != 1 {
				t.Errorf("%d dispatches were sent although GitHub had asked for a pause", n)
			}
			found, err := b.runner.Find(t.Context(), job("TOKEN1"))
			if err != nil || found.Found || !found.Final {
				t.Errorf("Find gave %+v, %v: what was not sent need not be looked for", found, err)
			}
			calls := len(b.github.Calls())
			if _, err := b.runner.LookUp(t.Context(), "www", 12, release.Run{ID: "1", Attempt: 1}); err == nil {
				t.Error("a run was looked up although GitHub had asked for a pause")
			}
			if len(b.github.Calls()) != calls {
				t.Error("calls went on although GitHub had asked for a pause")
			}
		})
	}
}

func TestAGitHubThatIsAwayIsNoUnknownOutcome(t *testing.T) {
	b := start(t, fakegithub.Options{}, func(o *Options) { o.APIURL = "http://127.0.0.1:1" })
	_, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
	if _, ok := errors.AsType[*runner.Deferred](err); !ok {
		t.Fatalf("Dispatch gave %v, want a Deferred: nothing can have been sent", err)
	}
}

func TestChangesAreKeptApart(t *testing.T) {
	const spacing = 60 * time.Millisecond
	b := start(t, fakegithub.Options{}, func(o *Options) { o.Spacing = spacing })
	errs := make(chan error)
	for _, token := range []string{"A", "B", "C", "D"} {
		go func() {
			_, err := b.runner.Dispatch(context.WithoutCancel(t.Context()), job(token))
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	var last time.Time
	for _, c := range b.github.Calls() {
		if !strings.HasSuffix(c.Path, "/dispatches") {
			continue
		}
		if !last.IsZero() && c.At.Sub(last) < spacing-5*time.Millisecond {
			t.Errorf("two dispatches came %s apart, want at least %s", c.At.Sub(last), spacing)
		}
		last = c.At
	}
}

func TestTokensAreNarrow(t *testing.T) {
	b := start(t, fakegithub.Options{}, func(o *Options) {
		site := o.Sites["www"]
		site.Deployments = false
		o.Sites["www"] = site
	})
	if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err != nil {
		t.Fatal(err)
	}
	if err := b.runner.Deployments().Show(t.Context(), Deployment{Site: "www", Number: 1, State: "queued"}); err != nil {
		t.Fatal(err)
	}
	to, err := b.runner.links.to(t.Context(), b.runner.options.Sites["www"])
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = to.reads.Repositories.ListDeployments(t.Context(), "acme", "www", nil)
	if status, _ := answer(err); status != http.StatusForbidden {
		t.Errorf("a token made for dispatching may also read deployments: %v", err)
	}
}

func TestTokenModeAndPrefixes(t *testing.T) {
	for _, prefix := range []string{"", "/api/v3", "/api/v3/"} {
		b := start(t, fakegithub.Options{}, func(o *Options) {
			o.APIURL += prefix
			o.AppID, o.Signer, o.Token = 0, nil, "github_pat_1"
		})
		b.github.AddToken("github_pat_1", "acme/www")
		if _, err := b.runner.Dispatch(t.Context(), job("TOKEN1")); err != nil {
			t.Errorf("with the prefix %q Dispatch gave %v", prefix, err)
		}
	}
	b := start(t, fakegithub.Options{}, func(o *Options) { o.AppID, o.Signer, o.Token = 0, nil, "revoked" })
	_, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
	if refused, ok := errors.AsType[*runner.Refused](err); !ok || !strings.Contains(refused.Why, "does not accept the token") {
		t.Errorf("with a revoked token Dispatch gave %v", err)
	}
}

func TestGitea(t *testing.T) {
	b := start(t, fakegithub.Options{}, func(o *Options) {
		o.APIURL += "/api/v1"
		o.Gitea, o.AppID, o.Signer, o.Token = true, 0, nil, "gitea"
	})
	b.github.AddToken("gitea", "acme/www")
	run, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
	if err != nil || run.ID == "" {
		t.Fatalf("Dispatch gave %+v, %v", run, err)
	}
	if err := b.runner.Cancel(t.Context(), "www", 12, run); err != nil || b.github.Count(http.MethodPost, "/cancel") != 0 {
		t.Errorf("Cancel gave %v; Gitea has no such call", err)
	}
	if err := b.runner.Deployments().Show(t.Context(), Deployment{Site: "www", Number: 12, State: "queued"}); err != nil || len(b.github.Deployments()) != 0 {
		t.Errorf("Deploy gave %v; Gitea has no deployments", err)
	}
}

var _ runner.Runner = (*Runner)(nil)
