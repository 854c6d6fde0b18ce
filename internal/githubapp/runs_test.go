package githubapp

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestLookUpTellsHowARunStands(t *testing.T) {
	tests := []struct {
		name, status, conclusion, failedStep string
		wait, words                          string
		ended                                release.Conclusion
	}{
		{name: "waiting for a runner", status: "queued", wait: "waits in GitHub for a runner (ubuntu-latest)"},
		{name: "waiting for approval", status: "waiting", wait: "deployment protection rule"},
		{name: "waiting for its concurrency group", status: "pending", wait: "concurrency group"},
		{name: "running", status: "in_progress", wait: "runs on GitHub"},
		{name: "succeeded", status: "completed", conclusion: "success", ended: release.RunSucceeded},
		{name: "failed at a step", status: "completed", conclusion: "failure", failedStep: "Build <b>", ended: release.RunFailed, words: `at the step "Build <b>" of the job "release"`},
		{name: "runner lost", status: "completed", conclusion: "failure", ended: release.RunDied, words: "the runner of the job"},
		{name: "cancelled", status: "completed", conclusion: "cancelled", ended: release.RunCancelled},
		{name: "timed out", status: "completed", conclusion: "timed_out", ended: release.RunTimedOut},
		{name: "broken workflow file", status: "completed", conclusion: "startup_failure", ended: release.RunNeverStarted, words: "workflow file"},
		{name: "to be approved", status: "completed", conclusion: "action_required", ended: release.RunNeverStarted, words: "approve"},
		{name: "given up", status: "completed", conclusion: "stale", ended: release.RunDied},
		{name: "skipped", status: "completed", conclusion: "skipped", ended: release.RunSucceeded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, nil)
			run, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
			if err != nil {
				t.Fatal(err)
			}
			id, err := strconv.ParseInt(run.ID, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			if tt.conclusion != "" && tt.conclusion != "startup_failure" {
				step(t, b, id, "in_progress", "")
				b.github.FailStep(id, tt.failedStep)
			}
			if tt.status != "queued" {
				step(t, b, id, tt.status, tt.conclusion)
			}
			event, err := b.runner.LookUp(t.Context(), "www", 12, run)
			if err != nil {
				t.Fatal(err)
			}
			switch e := event.(type) {
			case release.RunSeen:
				if tt.ended != "" || !strings.Contains(e.Note, tt.wait) || e.Run.ID != run.ID {
					t.Errorf("LookUp gave %+v, want a note with %q", e, tt.wait)
				}
			case release.RunEnded:
				if e.Conclusion != tt.ended || !strings.Contains(e.Why, tt.words) {
					t.Errorf("LookUp gave %+v, want %q with %q", e, tt.ended, tt.words)
				}
			default:
				t.Errorf("LookUp gave %T", event)
			}
		})
	}
}

func step(t *testing.T, b *bench, id int64, status, conclusion string) {
	t.Helper()
	if err := b.github.Step(id, status, conclusion); err != nil {
		t.Fatal(err)
	}
}

func TestLookUpOfALostRunIsNoProof(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	event, err := b.runner.LookUp(t.Context(), "www", 12, release.Run{ID: "404", Attempt: 1})
	if _, missing := event.(release.RunMissing); err != nil || !missing {
		t.Errorf("LookUp gave %+v, %v, want RunMissing", event, err)
	}
	b.github.Inject(fakegithub.Always(fakegithub.Broken(503)))
	if event, err := b.runner.LookUp(t.Context(), "www", 12, release.Run{ID: "404", Attempt: 1}); err == nil {
		t.Errorf("LookUp gave %+v while GitHub was down, want an error", event)
	}
	if n := b.github.Count(http.MethodGet, "/404"); n < 3 {
		t.Errorf("%d tries were made, want a read to be tried again", n)
	}
}

func TestLookUpSeesARerun(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	run, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
	if err != nil {
		t.Fatal(err)
	}
	id := b.github.Runs()[0].ID
	step(t, b, id, "completed", "failure")
	if _, err := b.github.Rerun(id); err != nil {
		t.Fatal(err)
	}
	event, err := b.runner.LookUp(t.Context(), "www", 12, run)
	if seen, ok := event.(release.RunSeen); err != nil || !ok || seen.Run.Attempt != 2 {
		t.Errorf("LookUp gave %+v, %v, want attempt 2 to be seen", event, err)
	}
}

func TestCancelEndsARunAndIsDoneWithOneThatIsOver(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	run, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.runner.Cancel(t.Context(), "www", 12, run); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "the run to be cancelled", func() bool { return b.github.Runs()[0].Conclusion == "cancelled" })
	for _, over := range []release.Run{run, {ID: "404", Attempt: 1}, {ID: "manual-1", Attempt: 1}} {
		if err := b.runner.Cancel(t.Context(), "www", 12, over); err != nil {
			t.Errorf("Cancel of run %s gave %v", over.ID, err)
		}
	}
}

func TestRunLogTellsTheStepsAndWhereTheRestIs(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	run, err := b.runner.Dispatch(t.Context(), job("TOKEN1"))
	if err != nil {
		t.Fatal(err)
	}
	id := b.github.Runs()[0].ID
	step(t, b, id, "in_progress", "")
	b.github.FailStep(id, "Build")
	step(t, b, id, "completed", "failure")
	log, err := b.runner.RunLog(t.Context(), "www", run)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{run.URL, "release: failure", "Build: failure", "Set up job: success"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the log does not say %q:\n%s", want, text)
		}
	}
}

func TestDeploymentsAreMadeOnceAndNeverGoBack(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	for _, state := range []string{"queued", "in_progress", "in_progress", "queued", "success", "in_progress"} {
		d := Deployment{Site: "www", Number: 7, State: state, Why: strings.Repeat("words ", 60), LogURL: "https://github.com/acme/www/actions/runs/1"}
		if err := b.runner.Deployments().Show(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.runner.Deployments().Show(t.Context(), Deployment{Site: "www", Number: 8, State: "success"}); err != nil {
		t.Fatal(err)
	}
	got := b.github.Deployments()
	if len(got) != 2 {
		t.Fatalf("there are %d deployments, want one per release", len(got))
	}
	if states := strings.Join(got[0].States, " "); states != "queued in_progress success inactive" {
		t.Errorf("the states of the first are %q", states)
	}
	if got[0].Environment != "production" || got[0].Links[2] != "https://www.example.gov" {
		t.Errorf("the deployment is %+v", got[0])
	}
}
