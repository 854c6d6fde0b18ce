//go:build unix

package act

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pressrun/pressrun/internal/release"
)

// requestWorkflow runs request-content-release.yml in a repository of its own.
func (r *rig) requestWorkflow(t *testing.T, event, payload, token string) (string, error) {
	t.Helper()
	workflow, err := os.ReadFile(filepath.Join(root(t), ".github", "workflows", "request-content-release.yml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := r.commit(r.write(t.TempDir(), map[string]string{".github/workflows/request-content-release.yml": string(workflow), "event.json": payload}))
	cmd := exec.Command(r.tool, event, "-W", ".github/workflows/request-content-release.yml", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server",
		"--eventpath", "event.json", "--actor", "grace", "--var", "PRESSRUN_URL="+r.url+"/", "--var", "PRESSRUN_SITE=www", "--secret", "PRESSRUN_TOKEN="+token)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+r.home, "XDG_CACHE_HOME="+filepath.Join(r.home, "cache"))
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	return log.String(), err
}

// asked is how many requests the app has.
func (r *rig) asked() int64 {
	r.t.Helper()
	site, err := r.app.Ledger().Site(r.t.Context(), "www")
	if err != nil {
		r.t.Fatal(err)
	}
	return site.Accepted
}

func TestTheWorkflowThatAsksForARelease(t *testing.T) {
	r := newRig(t, "")
	// Nothing need be dispatched.
	if _, err := r.app.Ledger().Decide(t.Context(), "www", release.PauseSite{Act: release.Act{By: "ops", Why: "test"}}); err != nil {
		t.Fatal(err)
	}
	payload := func(conclusion string) string {
		text, err := json.Marshal(map[string]any{"workflow_run": map[string]any{"name": "Deploy \"x\" $(false)\n::error::y", "conclusion": conclusion, "head_branch": "main"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	// act runs it whatever branch and workflow the event is of, and counts
	// every run as number 1: the second is the same request as the first.
	if log, err := r.requestWorkflow(t, "workflow_run", payload("failure"), runToken); err != nil || r.asked() != 0 {
		t.Fatalf("after a workflow that failed: %v, %d requests\n%s", err, r.asked(), log)
	}
	for range 2 {
		log, err := r.requestWorkflow(t, "workflow_run", payload("success"), runToken)
		if err != nil || !strings.Contains(log, "The request is accepted") || strings.Contains(log, runToken) {
			t.Fatalf("the workflow ended with %v:\n%s", err, log)
		}
	}
	requests, err := r.app.Ledger().Requests(t.Context(), "www", 0, 100, 100)
	if err != nil || len(requests) != 1 {
		t.Fatalf("there are the requests %+v, %v", requests, err)
	}
	if q := requests[0]; q.Source != release.FromWorkflow || q.Actor != "grace" || !strings.Contains(q.Reason, "has finished") || !strings.HasPrefix(q.Link, "https://github.com/") {
		t.Errorf("the request is %+v", q)
	}
	if log, err := r.requestWorkflow(t, "workflow_dispatch", `{"inputs":{"reason":"a new banner"}}`, "wrong"); err == nil {
		t.Fatalf("with a wrong token the workflow ended well:\n%s", log)
	}
}

// The words of a step that fails are read from its script: act does not wait for
// the terminal's last output when a command fails (HostEnvironment.exec of act
// v0.2.89 returns before its copy of the output ends), so they may be missing
// from its log.
func TestTheWorkflowThatAsksForAReleaseSaysWhatIsWrong(t *testing.T) {
	r := newRig(t, "")
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>No such host.</html>", http.StatusNotFound)
	}))
	defer proxy.Close()
	for _, tc := range []struct {
		name string
		env  []string
		want string
	}{
		{"wrong token", []string{"URL=" + r.url, "TOKEN=wrong"}, "::error::the app did not take the request: no token came that this app knows: "},
		{"no token", []string{"URL=" + r.url, "TOKEN="}, "::error::set the variable PRESSRUN_URL and the secret PRESSRUN_TOKEN of this repository first\n"},
		{"no such site", []string{"URL=" + r.url, "TOKEN=" + runToken, "SITE=nowhere"}, "::error::the app did not take the request: there is no site nowhere\n"},
		{"an app that is none", []string{"URL=" + proxy.URL, "TOKEN=" + runToken}, "::error::the app did not take the request: no words from it, see what curl says above\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", requestScript(t))
			cmd.Dir = t.TempDir()
			cmd.Env = append(os.Environ(), "SITE=www", "REASON=a new banner", "ACTOR=grace", "LINK=https://github.com/o/r/actions/runs/1", "KEY=github-1-1")
			cmd.Env = append(cmd.Env, tc.env...)
			out, err := cmd.CombinedOutput()
			var failed *exec.ExitError
			if !errors.As(err, &failed) || failed.ExitCode() != 1 {
				t.Errorf("the step ended with %v", err)
			}
			if !strings.Contains(string(out), tc.want) {
				t.Errorf("the step says\n%s\nand not %q", out, tc.want)
			}
			if left, err := filepath.Glob(filepath.Join(cmd.Dir, "curl.conf")); err != nil || len(left) > 0 {
				t.Errorf("the file with the token is left: %v, %v", left, err)
			}
		})
	}
}

// requestScript is what the one step of request-content-release.yml runs.
func requestScript(t *testing.T) string {
	t.Helper()
	scripts := scriptsOf(t, "request-content-release.yml", "request")
	if len(scripts) != 1 {
		t.Fatalf("the job has the scripts %q", scripts)
	}
	return scripts[0]
}

// step is one of a workflow's.
type step struct{ Name, Run string }

// stepsOf are the steps of a workflow's job, in order.
func stepsOf(t *testing.T, file, job string) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), ".github", "workflows", file))
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct{ Steps []step }
	}
	if err := yaml.Unmarshal(text, &workflow); err != nil {
		t.Fatal(err)
	}
	return workflow.Jobs[job].Steps
}

// scriptsOf are the scripts of a workflow's job, in order.
func scriptsOf(t *testing.T, file, job string) []string {
	t.Helper()
	var scripts []string
	for _, step := range stepsOf(t, file, job) {
		if step.Run != "" {
			scripts = append(scripts, step.Run)
		}
	}
	return scripts
}

// scriptNamed is the script of a step.
func scriptNamed(t *testing.T, file, job, name string) string {
	t.Helper()
	for _, step := range stepsOf(t, file, job) {
		if step.Name == name {
			return step.Run
		}
	}
	t.Fatalf("%s has no step %q", file, name)
	return ""
}
