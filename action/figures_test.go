//go:build unix

package action_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/tracecontext"
	"github.com/pressrun/pressrun/test/eventually"
)

// gateway takes figures as a Pushgateway does, or answers with another status.
type gateway struct {
	*httptest.Server
	status int
	mu     sync.Mutex
	bodies []string
}

func newGateway(t *testing.T, status int) *gateway {
	t.Helper()
	g := &gateway{status: status}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		g.mu.Lock()
		g.bodies = append(g.bodies, string(body))
		g.mu.Unlock()
		w.WriteHeader(g.status)
	}))
	t.Cleanup(g.Close)
	return g
}

// last are the figures that came last, without their help.
func (g *gateway) last(t *testing.T) string {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.bodies) == 0 {
		t.Fatal("no figures came")
	}
	return regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(g.bodies[len(g.bodies)-1], "")
}

func TestARunSendsItsFigures(t *testing.T) {
	app, to := newFakeApp(t), newGateway(t, http.StatusOK)
	b := newBench(t, goodBuild).with(app)
	b.opts.MetricsTo, b.opts.MetricsLimit, b.opts.Environment = "pushgateway:"+to.URL, eventually.Patience, "staging"
	b.wantExit(b.run("all"), failure.ExitOK)
	got := to.last(t)
	for _, want := range []string{
		`(?m)^pressrun_run_duration_seconds\{environment="staging",outcome="live"\} [0-9.e-]+$`, `pressrun_run_step_duration_seconds\{environment="staging",step="build"\}`,
		`step="deploy"`, `step="complete"`, `(?m)^pressrun_run_succeeded\{environment="staging",outcome="live"\} 1$`, `(?m)^pressrun_run_requests_served\{environment="staging"\} 1$`,
		`(?m)^pressrun_run_pages\{environment="staging"\} [1-9]`, `(?m)^pressrun_run_files_uploaded\{environment="staging"\} [1-9]`, `(?m)^pressrun_run_files_deleted\{environment="staging"\} 0$`,
		`(?m)^pressrun_run_attempts\{environment="staging"\} 1$`, `pressrun_run_last_success_timestamp_seconds`,
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("no %s among\n%s", want, got)
		}
	}
	if strings.Contains(got, `step="install"`) || strings.Contains(got, "interval") {
		t.Errorf("a step with nothing to do, or an interval before there is one:\n%s", got)
	}
}

func TestARunThatFailsSendsItsFiguresToo(t *testing.T) {
	app, to := newFakeApp(t), newGateway(t, http.StatusOK)
	b := newBench(t, "exit 3").with(app)
	b.opts.MetricsTo, b.opts.MetricsLimit = "pushgateway:"+to.URL, eventually.Patience
	b.wantExit(b.run("all"), failure.ExitFailed)
	got := to.last(t)
	if !strings.Contains(got, `pressrun_run_succeeded{outcome="failed"} 0`) || !strings.Contains(got, `step="build"`) || strings.Contains(got, "last_success") {
		t.Error(got)
	}
}

// What keeps figures must never keep a release back, nor be told by a build.
func TestFiguresThatCantBeSentFailNothingAndAreTold(t *testing.T) {
	const key = "key-of-datadog-0123456789"
	app, to := newFakeApp(t), newGateway(t, http.StatusForbidden)
	b := newBench(t, goodBuild+"; env > env.txt; echo $DD_API_KEY").with(app)
	b.opts.MetricsTo, b.opts.MetricsLimit = "pushgateway:"+to.URL, eventually.Patience
	b.opts.Environ = append(b.opts.Environ, "DD_API_KEY="+key, "PRESSRUN_PUSHGATEWAY_PASSWORD=me:"+key)
	_, summary := b.inWorkflow()
	b.wantExit(b.run("all"), failure.ExitOK)
	said, err := os.ReadFile(summary)
	if err != nil || !strings.Contains(string(said), "The figures were not sent everywhere") || !strings.Contains(string(said), "pushgateway") || !strings.Contains(string(said), "403") {
		t.Errorf("the summary says (%v)\n%s", err, said)
	}
	if unsent := b.state().Unsent; len(unsent) != 1 || !strings.Contains(unsent[0], "403") {
		t.Errorf("kept is %q", unsent)
	}
	env, err := os.ReadFile(b.dir + "/env.txt")
	if err != nil || strings.Contains(string(env), key) || strings.Contains(b.out.String()+b.err.String(), "me:"+key+" ") {
		t.Errorf("the build saw (%v)\n%s", err, env)
	}
}

func TestAWrongAddressForFiguresEndsARunBeforeItBuilds(t *testing.T) {
	b := newBench(t, "touch built")
	b.opts.MetricsTo = "statsd:localhost"
	b.wantExit(b.run("all"), failure.ExitUsage)
	if _, err := os.Stat(b.dir + "/built"); err == nil {
		t.Error("it was built")
	}
}

// A build's own spans are below the step's in the release's trace.
func TestABuildJoinsTheReleasesTrace(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild+"; echo $TRACEPARENT > build.txt").with(app)
	b.opts.Install, b.opts.InstallTimeout = "echo $TRACEPARENT > install.txt", eventually.Patience
	b.opts.Environ = append(b.opts.Environ, "TRACEPARENT=00-11111111111111111111111111111111-1111111111111111-01")
	b.wantExit(b.run("all"), failure.ExitOK)
	trace, ok := tracecontext.Read(traceParent)
	for _, step := range []string{"install", "build"} {
		got, err := os.ReadFile(b.dir + "/" + step + ".txt")
		if want := trace.Parent(trace.Span(tracecontext.Step(step))); !ok || strings.TrimSpace(string(got)) != want {
			t.Errorf("%s has %q, want %s (%v)", step, got, want, err)
		}
	}
}
