//go:build unix

package act

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// runners carries the fake GitHub's runs out with act, one process each.
type runners struct {
	t    *testing.T
	rig  *rig
	mu   sync.Mutex
	cmds map[int64]*exec.Cmd
	logs map[int64]*bytes.Buffer
	all  sync.WaitGroup
}

func (r *runners) carryOut(run fakegithub.Run) {
	r.all.Add(1)
	defer r.all.Done()
	cmd, log := r.rig.act(run)
	if err := r.rig.github.Step(run.ID, "in_progress", ""); err != nil {
		return // cancelled before it began
	}
	r.mu.Lock()
	r.cmds[run.ID], r.logs[run.ID] = cmd, log
	err := cmd.Start()
	r.mu.Unlock()
	if err != nil {
		r.t.Errorf("start act: %v", err)
		return
	}
	conclusion := "success"
	if err := cmd.Wait(); err != nil {
		conclusion = "failure"
	}
	r.mu.Lock()
	if r.rig.cancelled[run.ID] {
		conclusion = "cancelled"
	}
	r.mu.Unlock()
	_ = r.rig.github.Step(run.ID, "completed", conclusion) // the test may have ended it already
}

// signal sends a signal to a run's act, or to all that it started.
func (r *runners) signal(t *testing.T, id int64, s syscall.Signal, group bool) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	pid := r.cmds[id].Process.Pid
	if group {
		pid = -pid
	}
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatalf("signal act: %v", err)
	}
}

func (r *runners) log(id int64) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.logs[id] == nil {
		return ""
	}
	return r.logs[id].String()
}

func TestADispatchedReleaseGoesLive(t *testing.T) {
	r := newRig(t, "")
	const nasty = "New hours <b>\n::set-output name=live::no\n${{ secrets.X }} $(false)"
	r.ask(nasty)
	site := r.until("live", func(s release.Site) bool { return s.State == release.Ready && s.Last.Number == 1 })
	run := r.github.Runs()[0]
	if site.Last.Outcome != release.Succeeded {
		t.Fatalf("the release ended as %s: %s\n%s", site.Last.Outcome, site.Last.Why, r.runners.log(run.ID))
	}
	r.inOrder(1, release.KindOpened, release.KindDispatching, release.KindDispatched, release.KindStarting, release.KindInProgress, release.KindComplete, release.KindEnded)
	page := r.page("index.html")
	if !strings.Contains(page, "Welcome to the library") {
		t.Errorf("the bucket has the page %q", page)
	}
	r.runners.all.Wait()
	log := r.runners.log(run.ID)
	for _, want := range []string{"release #1 of www", "Hugo"} {
		if !strings.Contains(log, want) {
			t.Errorf("the run's log does not say %q:\n%s", want, log)
		}
	}
	if strings.Contains(log, "::set-output name=live") {
		t.Errorf("a title came through as a workflow command:\n%s", log)
	}
	if done, _ := r.github.Run(run.ID); done.Conclusion != "success" {
		t.Errorf("the run ended as %q:\n%s", done.Conclusion, log)
	}
}

func TestTheButtonAndTheScheduleTakeTheSitesTurn(t *testing.T) {
	r := newRig(t, "")
	for i, event := range []string{"workflow_dispatch", "schedule"} {
		run, err := r.github.Press("acme/www", "content-release.yml", event, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.runners.carryOut(run)
		number := int64(i + 1)
		site := r.until("live", func(s release.Site) bool { return s.State == release.Ready && s.Last.Number == number })
		if site.Last.Outcome != release.Succeeded || site.Last.Run.ID != strconv.FormatInt(run.ID, 10) {
			t.Fatalf("by %s: the release ended as %+v\n%s", event, site.Last, r.runners.log(run.ID))
		}
	}
}

func TestAFailingBuildIsTheBuildsFault(t *testing.T) {
	r := newRig(t, "echo 'cannot render'; false")
	r.ask("New hours")
	site := r.until("failed", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome != release.Failed || site.Last.Fault != release.FaultBuild {
		t.Errorf("the release ended as %+v\n%s", site.Last, r.runners.log(r.github.Runs()[0].ID))
	}
	if site.State == release.Dispatched {
		t.Error("the site is left Dispatched")
	}
	r.runners.all.Wait()
	if run := r.github.Runs()[0]; run.Conclusion != "failure" {
		t.Errorf("the run ended as %q", run.Conclusion)
	}
}

func TestACancelledRunSaysSo(t *testing.T) {
	r := newRig(t, "touch building; sleep 120")
	r.ask("New hours")
	r.until("building", func(s release.Site) bool { return s.State == release.InProgress })
	run := r.github.Runs()[0]
	r.runners.mu.Lock()
	r.cancelled[run.ID] = true
	r.runners.mu.Unlock()
	// No webhook may help: the run itself must tell.
	r.github.SetHook("", "", nil)
	r.runners.signal(t, run.ID, syscall.SIGINT, true)
	site := r.until("over", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome == release.Succeeded {
		t.Errorf("the release ended as %+v", site.Last)
	}
	r.runners.all.Wait()
}

func TestPostTellsOfAProgramThatWasKilled(t *testing.T) {
	r := newRig(t, "kill -9 $PPID; sleep 120")
	r.ask("New hours")
	site := r.until("over", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome != release.Failed || !strings.Contains(site.Last.Why, "the workflow ended before the site was published") {
		t.Errorf("the release ended as %s: %s\n%s", site.Last.Outcome, site.Last.Why, r.runners.log(r.github.Runs()[0].ID))
	}
	r.runners.all.Wait()
}

func TestAKilledRunIsKnownByWebhook(t *testing.T) {
	r := newRig(t, "touch building; sleep 120")
	r.ask("New hours")
	r.until("building", func(s release.Site) bool { return s.State == release.InProgress })
	r.runners.signal(t, r.github.Runs()[0].ID, syscall.SIGKILL, true)
	r.killRest()
	site := r.until("over", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome != release.Failed || site.Last.Fault != release.FaultPlatform {
		t.Errorf("the release ended as %+v", site.Last)
	}
	r.runners.all.Wait()
}

// inOrder says whether a release's events come in an order.
func (r *rig) inOrder(number int64, want ...string) {
	r.t.Helper()
	events, err := r.app.Ledger().EventsOfRelease(context.WithoutCancel(r.t.Context()), "www", number, 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		if slices.Contains(want, e.Kind) {
			got = append(got, e.Kind)
		}
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("the states came as %v, want %v", got, want)
	}
}

func (r *rig) page(path string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.s3.Data, "www", path))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}
