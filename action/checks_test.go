//go:build unix

package action_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

const sha = "3484a3fb816e0859fd6e1cea078d76385ff50625"

// checkBench is a run in a workflow of GitHub's, which waits for checks.
func checkBench(t *testing.T, names string, checks ...fakegithub.Check) (*bench, *fakegithub.Server) {
	t.Helper()
	g, err := fakegithub.Start(fakegithub.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Close()
		for _, v := range g.Violations() {
			t.Errorf("against GitHub's description: %s", v)
		}
	})
	g.AddRepo("acme", "www")
	g.AddToken("the job's token", "acme/www")
	g.SetChecks("acme/www", sha, checks...)
	b := newBench(t, goodBuild)
	b.opts.Checks, b.opts.ChecksLimit, b.opts.ChecksInterval, b.opts.ChecksGrace = names, 10*time.Second, 20*time.Millisecond, time.Millisecond
	b.opts.GitHubToken = "the job's token"
	b.opts.Environ = append(b.opts.Environ, "GITHUB_API_URL="+g.URL, "GITHUB_REPOSITORY=acme/www", "GITHUB_SHA="+sha, "GITHUB_RUN_ID=77")
	return b, g
}

func ended(name, conclusion string) fakegithub.Check {
	return fakegithub.Check{Name: name, App: "github-actions", Status: "completed", Conclusion: conclusion, Run: 5, Started: time.Unix(1_790_000_000, 0)}
}

func TestARunWaitsForTheChecksOfItsCommit(t *testing.T) {
	own := fakegithub.Check{Name: "Release", App: "github-actions", Status: "in_progress", Run: 77, Started: time.Unix(1_790_000_100, 0)}
	before := ended("Release", "failure") // of an earlier run of this workflow
	many := []fakegithub.Check{own, before}
	for i := range 120 {
		many = append(many, ended("test "+strconv.Itoa(i), "success"), fakegithub.Check{Context: "ci/" + strconv.Itoa(i), Status: "success"})
	}
	for name, c := range map[string]struct {
		names  string
		checks []fakegithub.Check
		code   int
		fault  string
		says   string
	}{
		"green":                 {"*", many, 0, "", "240 checks of the commit are green"},
		"red on a later page":   {"*", slices.Concat(many, []fakegithub.Check{ended("late", "timed_out")}), failure.ExitNotReady, "build", "checks of the commit are red: late (timed_out)"},
		"a red status":          {"ci/*", slices.Concat(many, []fakegithub.Check{{Context: "ci/deploy", Status: "error"}}), failure.ExitNotReady, "build", "ci/deploy (error)"},
		"skipped and neutral":   {"*", []fakegithub.Check{ended("a", "skipped"), ended("b", "neutral")}, 0, "", "2 checks"},
		"none, and none wanted": {"build", []fakegithub.Check{own}, 0, "", "0 checks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := checkBench(t, c.names, c.checks...)
			b.opts.ChecksMissing = "go"
			b.wantExit(b.run("wait_ready"), c.code)
			if said := b.out.String() + b.err.String(); !strings.Contains(said, c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, said)
			}
			if s := b.state(); string(s.Fault) != c.fault || c.code != 0 && s.Outcome != state.OutcomeNotReady {
				t.Errorf("the run ended as %s, by %q", s.Outcome, s.Fault)
			}
		})
	}
}

func TestAReleaseBeginsOnceTheChecksAreGreen(t *testing.T) {
	b, g := checkBench(t, "build", fakegithub.Check{Name: "build", App: "github-actions", Status: "queued", Started: time.Unix(1, 0)})
	app := newFakeApp(t)
	b.with(app)
	done := make(chan error, 1)
	go func() { done <- b.run("all") }()
	eventually.Holds(t, "the run to wait", func() bool {
		return strings.Contains(b.out.String()+b.err.String(), "waiting: checks of the commit are not done: build (queued)")
	})
	if n := len(app.reported()); n != 0 {
		t.Errorf("it has begun: %v", app.reported())
	}
	g.SetChecks("acme/www", sha, ended("build", "success"))
	b.wantExit(eventually.Receives(t, "the run's end", done), failure.ExitOK)
}

func TestWhatGitHubAnswersInsteadOfChecks(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(*http.Request) *fakegithub.Fault
		token string
		code  int
		says  string
	}{
		"nothing for a while": {fakegithub.Times(2, func(*http.Request) *fakegithub.Fault { return &fakegithub.Fault{Status: 502} }), "the job's token", 0, "it answers 502"},
		"a limit": {fakegithub.Times(1, func(*http.Request) *fakegithub.Fault {
			return &fakegithub.Fault{Status: 403, Header: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(time.Now().Add(time.Second).Unix())}, Text: `{"message": "API rate limit exceeded"}`}
		}), "the job's token", 0, "takes no more calls before"},
		"no permission": {func(*http.Request) *fakegithub.Fault {
			return &fakegithub.Fault{Status: 403, Text: `{"message": "Resource not accessible by integration"}`}
		}, "the job's token", failure.ExitNotReady, `give the job the permissions "checks: read" and "statuses: read"`},
		"a wrong token": {nil, "wrong", failure.ExitNotReady, "401"},
		"no token":      {nil, "", failure.ExitUsage, "github-token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, g := checkBench(t, "build", ended("build", "success"))
			if c.fault != nil {
				g.Inject(c.fault)
			}
			b.opts.GitHubToken = c.token
			b.wantExit(b.run("wait_ready"), c.code)
			if said := b.out.String() + b.err.String(); !strings.Contains(said, c.says) || strings.Contains(said, "the job's token") {
				t.Errorf("it does not say %q, or a token:\n%s", c.says, said)
			}
		})
	}
}
