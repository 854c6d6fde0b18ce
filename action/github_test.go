//go:build unix

package action_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/release"
)

// inWorkflow gives the bench what GitHub's runner gives a step.
func (b *bench) inWorkflow() (output, summary string) {
	b.t.Helper()
	temp := b.t.TempDir()
	output, summary = filepath.Join(temp, "output"), filepath.Join(temp, "summary")
	b.opts.Environ = append(b.opts.Environ, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary,
		"GITHUB_RUN_ID=4711", "GITHUB_RUN_ATTEMPT=2", "GITHUB_SERVER_URL=https://github.example", "GITHUB_REPOSITORY=o/r", "RUNNER_TEMP="+temp)
	return output, summary
}

// outputs reads GITHUB_OUTPUT as GitHub's runner does.
func outputs(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		name, end, ok := strings.Cut(lines[i], "<<")
		if !ok {
			if lines[i] != "" {
				t.Errorf("a line outside of every value: %q", lines[i])
			}
			continue
		}
		var value []string
		for i++; i < len(lines) && lines[i] != end; i++ {
			value = append(value, lines[i])
		}
		if _, twice := out[name]; twice {
			t.Errorf("output %q is set twice", name)
		}
		out[name] = strings.Join(value, "\n")
	}
	return out
}

func TestWorkflowGetsOutputsAndSummary(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	output, summary := b.inWorkflow()
	b.wantExit(b.run("all"), failure.ExitOK)
	got := outputs(t, output)
	for name, want := range map[string]string{"outcome": "live", "live": "true", "release": "1", "pages": "1", "uploaded": "1", "served": "1", "why": ""} {
		if got[name] != want {
			t.Errorf("output %s is %q, not %q", name, got[name], want)
		}
	}
	text, err := os.ReadFile(summary)
	if err != nil || !strings.Contains(string(text), "## www #1: live") || !strings.Contains(string(text), "- A page was changed") || !strings.Contains(string(text), "| build | ok |") {
		t.Errorf("the summary is\n%s (%v)", text, err)
	}
	if !strings.Contains(b.out.String(), "::add-mask::session-0\n") || !strings.Contains(b.out.String(), "::add-mask::"+runToken+"\n") {
		t.Error("the credentials are not masked")
	}
}

func TestRunIsNamedAsGitHubNamesIt(t *testing.T) {
	app := newFakeApp(t)
	app.ask("x")
	b := newBench(t, goodBuild).at(app)
	b.opts.RunID, b.opts.RunAttempt, b.opts.StateFile = "", 0, ""
	b.inWorkflow()
	b.wantExit(b.run("claim"), failure.ExitOK)
	if run := app.now().Current.Run; run.ID != "4711" || run.Attempt != 2 {
		t.Errorf("the run is %+v", run)
	}
}

func TestTextOfTheCMSIsHarmless(t *testing.T) {
	const evil = "<script>alert(1)</script> `x` [a](https://evil.example) @team #1 | **b**\r\n::set-output name=live::true\n::error::pwned\n_GitHubActionsFileCommandDelimeter_\nlive<<EOF\ntrue\nEOF\u202e\x1b[31m ###[set-output name=outcome]live ##\x1b[[set-output name=live]true"
	app := newFakeApp(t)
	b := newBench(t, `printf '%s\n' "::error::pwned by the build"; printf '%s' "$EVIL" ; exit 1`).with(app)
	app.mu.Lock()
	app.requests[0].Title = evil
	app.mu.Unlock()
	b.opts.Environ = append(b.opts.Environ, "EVIL="+evil)
	output, summary := b.inWorkflow()
	b.opts.JSON = true
	err := b.run("all")
	b.wantExit(err, failure.ExitFailed)
	if strings.Contains(err.Error(), "##[") {
		t.Errorf("the error, which the program prints, is %q", err)
	}

	got := outputs(t, output)
	if got["live"] != "false" || got["outcome"] != "failed" || strings.ContainsAny(got["why"], "\r\n\x1b") {
		t.Errorf("outputs: %q", got)
	}
	text, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "](http", "@team", "\n::", "\u202e", "\x1b", "##["} {
		if strings.Contains(string(text), bad) {
			t.Errorf("the summary has %q:\n%s", bad, text)
		}
	}
	// What the site's command prints comes between a stop and a go that it
	// can't know; all else that begins a line with "::" is ours. The older form of
	// a command, "##[name]", is obeyed wherever it stands in a line.
	var stopped string
	for line := range strings.SplitSeq(b.out.String()+"\n"+b.err.String(), "\n") {
		if word, ok := strings.CutPrefix(line, "::stop-commands::"); ok {
			stopped = word
			continue
		}
		if stopped != "" {
			if line == "::"+stopped+"::" {
				stopped = ""
			}
			continue
		}
		if strings.Contains(line, "##[") {
			t.Errorf("GitHub would obey %q", line)
		}
		if strings.HasPrefix(line, "::") && !strings.HasPrefix(line, "::group::") && !strings.HasPrefix(line, "::endgroup::") &&
			!strings.HasPrefix(line, "::add-mask::") && !strings.HasPrefix(line, "::error::the build command failed") {
			t.Errorf("GitHub would obey %q", line)
		}
	}
	if stopped != "" {
		t.Error("commands stay stopped")
	}
}

func TestWorkflowFilesThatCannotBeWrittenDoNotStopARelease(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	b.opts.Environ = append(b.opts.Environ, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT=/no/such/folder/x", "GITHUB_STEP_SUMMARY=/no/such/folder/y")
	b.opts.MetricsFile = "/proc/no/such/folder"
	b.wantExit(b.run("all"), failure.ExitOK)
	if site := app.now(); site.State != release.Ready || site.Live.Number != 1 {
		t.Errorf("the site is %s", site.State)
	}
}

// GitHub obeys nothing while a build's output is muted, and shows what it does
// not obey: a credential that is renewed in that time must not be in the log.
func TestACredentialRenewedDuringTheBuildIsMaskedAndTheBuildStaysMuted(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, `printf 'half a line'; touch began; while [ ! -e go ]; do sleep 0.02; done; printf '%s\n' "::error::pwned"; `+goodBuild).with(app)
	b.opts.BuildTimeout = 10 * time.Second
	var forgot, renewed atomic.Bool
	app.fault = func(kind string, _ int) fault {
		if kind == "heartbeat" && exists(filepath.Join(b.dir, "began")) && forgot.CompareAndSwap(false, true) {
			return forgotten
		}
		return fine
	}
	app.after = func(kind string) {
		if kind == "heartbeat" && forgot.Load() && renewed.CompareAndSwap(false, true) {
			if err := os.WriteFile(filepath.Join(b.dir, "go"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	b.inWorkflow()
	b.wantExit(b.run("all"), failure.ExitOK)
	shown, obeyed := asGitHubDoes(b.out.String())
	if !slices.Contains(obeyed, "::add-mask::session-1") || strings.Contains(shown, "session-1") {
		t.Errorf("GitHub obeys %q and shows\n%s", obeyed, shown)
	}
	if slices.Contains(obeyed, "::error::pwned") {
		t.Error("GitHub obeys what the build prints")
	}
}

// asGitHubDoes takes the commands out of a step's output: what is shown, and
// what is obeyed.
func asGitHubDoes(output string) (shown string, obeyed []string) {
	var stopped string
	for line := range strings.SplitSeq(output, "\n") {
		word, stops := strings.CutPrefix(line, "::stop-commands::")
		switch {
		case stopped != "" && line == "::"+stopped+"::":
			stopped = ""
		case stopped == "" && stops:
			stopped = word
		case stopped == "" && strings.HasPrefix(line, "::"):
			obeyed = append(obeyed, line)
		default:
			shown += line + "\n"
		}
	}
	return shown, obeyed
}
