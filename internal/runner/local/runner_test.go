//go:build linux

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

func TestRunEndsAsItsActionDoes(t *testing.T) {
	cases := map[string]struct {
		build, state string
		want         release.RunEnded
	}{
		"well":                 {build: "echo hello", want: release.RunEnded{Conclusion: release.RunSucceeded}},
		"well, and live":       {build: "true", state: `{"live":true}`, want: release.RunEnded{Conclusion: release.RunSucceeded, Live: true}},
		"failed, and says why": {build: "exit 3", state: `{"why":"the check refused it"}`, want: release.RunEnded{Conclusion: release.RunFailed, Why: "the check refused it"}},
		"failed, wordless":     {build: "exit 3", want: release.RunEnded{Conclusion: release.RunFailed, Why: "exit status 3"}},
		"failed, but is live":  {build: "exit 1", state: `{"live":true,"why":"x"}`, want: release.RunEnded{Conclusion: release.RunFailed, Why: "x", Live: true}},
		"killed from outside":  {build: "kill -9 $PPID; sleep 5", want: release.RunEnded{Conclusion: release.RunDied, Why: "signal: killed"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, c.build)
			p.settings.Env["PRESSRUN_TEST_STATE"] = c.state
			b := p.open(t)
			c.want.Run = b.dispatch(1)
			got := b.ended(1)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			again, err := b.LookUp(t.Context(), "www", 1, c.want.Run)
			if diff := cmp.Diff(release.Event(c.want), again); err != nil || diff != "" {
				t.Errorf("looked up: %v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestRunIsSeenWhileItRuns(t *testing.T) {
	b := newPlace(t, "sleep 60").open(t)
	run := b.dispatch(1)
	event, err := b.LookUp(t.Context(), "www", 1, run)
	if seen, ok := event.(release.RunSeen); err != nil || !ok || seen.Run != run {
		t.Errorf("looked up: %+v, %v", event, err)
	}
	found, err := b.Find(t.Context(), job(1))
	if err != nil || found != (runner.Finding{Run: run, Found: true, Final: true}) {
		t.Errorf("found: %+v, %v", found, err)
	}
	other, err := b.LookUp(t.Context(), "www", 1, release.Run{ID: "another", Attempt: 1})
	if _, ok := other.(release.RunMissing); err != nil || !ok {
		t.Errorf("another run: %+v, %v", other, err)
	}
	if err := b.Cancel(t.Context(), "www", 1, release.Run{ID: "another", Attempt: 1}); err == nil {
		t.Error("cancelling another run went well")
	}
	if none, err := b.LookUp(t.Context(), "www", 2, run); err != nil || none != release.Event(release.RunMissing{Run: run}) {
		t.Errorf("a release that never was: %+v, %v", none, err)
	}
}

func TestSameTokenIsTheSameRun(t *testing.T) {
	b := newPlace(t, "sleep 0.2").open(t)
	var group sync.WaitGroup
	runs := make([]release.Run, 10)
	for i := range runs {
		group.Go(func() { runs[i], _ = b.Dispatch(t.Context(), job(1)) })
	}
	group.Wait()
	b.ended(1)
	after := b.dispatch(1)
	for _, run := range slices.Concat(runs, []release.Run{after}) {
		if run != runs[0] || run.ID == "" {
			t.Errorf("run %+v is not %+v", run, runs[0])
		}
	}
	time.Sleep(100 * time.Millisecond)
	if n := b.starts(1); n != 1 {
		t.Errorf("the action was started %d times", n)
	}
	_, err := b.Dispatch(t.Context(), runner.Job{Site: "www", Release: 1, Token: "other"})
	if refused, ok := errors.AsType[*runner.Refused](err); !ok || !strings.Contains(refused.Why, "already handed") {
		t.Errorf("another token for the same release: %v", err)
	}
}

func TestDispatchRefusesWhatCannotBeMeant(t *testing.T) {
	b := newPlace(t, "true").open(t)
	good := job(1)
	for name, change := range map[string]func(*runner.Job){
		"unknown site":     func(j *runner.Job) { j.Site = "other" },
		"no token":         func(j *runner.Job) { j.Token = "" },
		"no number":        func(j *runner.Job) { j.Release = 0 },
		"ref for a folder": func(j *runner.Job) { j.Ref = "main" },
	} {
		bad := good
		change(&bad)
		_, err := b.Dispatch(t.Context(), bad)
		if _, ok := errors.AsType[*runner.Refused](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(b.state); err != nil || len(entries) != 0 {
		t.Errorf("something was written: %v, %v", entries, err)
	}
}

func TestDispatchThatCannotStartIsRefusedAndMayBeSentAgain(t *testing.T) {
	p := newPlace(t, "true")
	bad := p.open(t, func(o *Options) { o.Program = "/no/such/program" })
	_, err := bad.Dispatch(t.Context(), job(1))
	if refused, ok := errors.AsType[*runner.Refused](err); !ok || refused.Fault != release.FaultPlatform {
		t.Fatalf("the error is %v", err)
	}
	silent := p.open(t, func(o *Options) { o.Program = "/bin/false" })
	if _, err := silent.Dispatch(t.Context(), job(1)); err == nil {
		t.Fatal("a supervisor that ends at once was taken for a run")
	}
	found, err := bad.Find(t.Context(), job(1))
	if err != nil || found.Found || !found.Final {
		t.Errorf("found: %+v, %v", found, err)
	}
	b := p.open(t)
	b.dispatch(1)
	if e := b.ended(1); e.Conclusion != release.RunSucceeded {
		t.Errorf("sent again: %+v", e)
	}
}

// The app dies by kill -9 at each step of a dispatch. The next app asks, and
// sends again only if it is told that it may: in all cases one start.
func TestDispatchHasOneEffectWhereverTheAppDies(t *testing.T) {
	for point, begins := range map[string]bool{"locked": false, "intended": false, "started": true} {
		t.Run(point, func(t *testing.T) {
			p := newPlace(t, "sleep 0.3")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "die-at", p.state, point)
			out, err := cmd.CombinedOutput()
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
				t.Fatalf("it did not die: %v\n%s", err, out)
			}
			b := p.open(t)
			if err := b.Adopt(t.Context()); err != nil {
				t.Fatal(err)
			}
			found, err := b.Find(t.Context(), job(1))
			if err != nil || !found.Final || found.Found != begins {
				t.Fatalf("found %+v, %v", found, err)
			}
			if !found.Found {
				b.dispatch(1)
			}
			if e := b.ended(1); e.Conclusion != release.RunSucceeded {
				t.Errorf("it ended as %+v", e)
			}
			if n := b.starts(1); n != 1 {
				t.Errorf("the action was started %d times", n)
			}
		})
	}
}

func TestNextAppAdoptsWhatRuns(t *testing.T) {
	p := newPlace(t, "while [ ! -e go ]; do sleep 0.02; done; echo went on")
	first := p.open(t)
	run := first.dispatch(1)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := p.open(t)
	if err := second.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.settings.Folder, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if e := second.ended(1); e.Conclusion != release.RunSucceeded || e.Run != run {
		t.Errorf("it ended as %+v", e)
	}
	if log := second.log(1); log != "went on\n" {
		t.Errorf("its log is %q", log)
	}
	// What ended while no app looked is told by the one after.
	third := p.open(t)
	if err := third.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := third.ended(1); e.Conclusion != release.RunSucceeded || e.Run != run {
		t.Errorf("told again: %+v", e)
	}
}

func TestCancelEndsAllOfARun(t *testing.T) {
	cases := map[string]string{
		"a plain build":                                `echo $$ >> pids; sleep 300`,
		"one that ignores SIGTERM":                     `trap '' TERM INT; echo $$ >> pids; while :; do sleep 0.1; done`,
		"a background process":                         `sleep 300 & echo $! >> pids; sleep 300`,
		"a session of its own":                         `setsid sh -c 'echo $$ >> pids; exec sleep 300' & sleep 300`,
		"a daemon, double-forked, without environment": `(setsid env -i /bin/sh -c '(trap "" TERM HUP; /bin/sh -c "echo \$PPID" >> pids; while :; do sleep 0.1; done) &' &); sleep 300`,
	}
	for name, build := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, build)
			b := p.open(t)
			run := b.dispatch(1)
			written := filepath.Join(p.settings.Folder, "pids")
			waitFor(t, "the build", func() bool { return len(pids(t, written)) > 0 })
			began := time.Now()
			if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
				t.Fatal(err)
			}
			e := b.ended(1)
			if e.Conclusion != release.RunCancelled || e.Run != run {
				t.Errorf("it ended as %+v", e)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, pid := range pids(t, written) {
				if alive(pid) {
					t.Errorf("process %d still runs", pid)
				}
			}
			if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
				t.Errorf("cancelled once more: %v", err)
			}
		})
	}
}

func TestCancelKillsASupervisorThatDoesNotEnd(t *testing.T) {
	p := newPlace(t, `echo $$ >> pids; sleep 300`)
	b := p.open(t)
	run := b.dispatch(1)
	written := filepath.Join(p.settings.Folder, "pids")
	waitFor(t, "the build", func() bool { return len(pids(t, written)) > 0 })
	supervisor, _, err := b.folder(1).started()
	if err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
		t.Fatal(err)
	}
	if e := b.ended(1); e.Conclusion != release.RunCancelled {
		t.Errorf("it ended as %+v", e)
	}
	for _, pid := range pids(t, written) {
		waitFor(t, "the build's end", func() bool { return !alive(pid) })
	}
}

func TestDeadSupervisorIsNoticedAtOnceAndItsOrphansEnded(t *testing.T) {
	cases := map[string]string{
		"its own child":                      `echo $$ >> pids; sleep 300`,
		"a child of the build":               `sh -c 'echo $$ >> pids; sleep 300'; true`,
		"a daemon":                           `(setsid sh -c '(sh -c "echo \$PPID" >> pids; sleep 300; true) &' &); sleep 300`,
		"in its session without environment": `env -i /bin/sh -c 'echo $$ >> pids; trap "" HUP; sleep 300; true' & sleep 300`,
	}
	for name, build := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, build)
			p.settings.Env["PRESSRUN_TEST_STATE"] = `{"live":true}`
			b := p.open(t)
			run := b.dispatch(1)
			written := filepath.Join(p.settings.Folder, "pids")
			waitFor(t, "the build", func() bool { return len(pids(t, written)) > 0 })
			supervisor, _, err := b.folder(1).started()
			if err != nil {
				t.Fatal(err)
			}
			if err := supervisor.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			e := b.ended(1)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("noticed after %s", took)
			}
			if e.Conclusion != release.RunDied || e.Run != run || !e.Live {
				t.Errorf("it ended as %+v", e)
			}
			for _, pid := range pids(t, written) {
				waitFor(t, "an orphan's end", func() bool { return !alive(pid) })
			}
		})
	}
}

func TestGoodRunLeavesNothingBehind(t *testing.T) {
	p := newPlace(t, `(setsid sh -c 'echo $$ >> pids; sleep 300; true' &) ; while [ ! -s pids ]; do sleep 0.01; done`)
	b := p.open(t)
	b.dispatch(1)
	if e := b.ended(1); e.Conclusion != release.RunSucceeded {
		t.Errorf("it ended as %+v", e)
	}
	for _, pid := range pids(t, filepath.Join(p.settings.Folder, "pids")) {
		if alive(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
	if log := b.log(1); !strings.Contains(log, "left behind") {
		t.Errorf("its log says nothing of it: %q", log)
	}
}

func TestRunThatNeverEndsIsEndedAtItsLimit(t *testing.T) {
	p := newPlace(t, `trap '' TERM; echo $$ >> pids; while :; do sleep 0.1; done`)
	p.settings.Limit = 300 * time.Millisecond
	b := p.open(t)
	b.dispatch(1)
	e := b.ended(1)
	if e.Conclusion != release.RunTimedOut || !strings.Contains(e.Why, "300ms") {
		t.Errorf("it ended as %+v", e)
	}
	for _, pid := range pids(t, filepath.Join(p.settings.Folder, "pids")) {
		if alive(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
}

func TestHugeOutputIsKeptWithinBounds(t *testing.T) {
	const limit = 256 << 10
	p := newPlace(t, `echo first line; head -c 100000000 /dev/zero | tr '\0' 'x' | fold -w 99; echo; echo last line`)
	b := p.open(t, func(o *Options) { o.LogBytes = limit })
	b.dispatch(1)
	if e := b.ended(1); e.Conclusion != release.RunSucceeded {
		t.Errorf("it ended as %+v", e)
	}
	log := b.log(1)
	if !strings.HasPrefix(log, "first line\n") || !strings.HasSuffix(log, "last line\n") {
		t.Errorf("its log begins %.40q and ends %q", log, log[max(0, len(log)-40):])
	}
	if !strings.Contains(log, "bytes of output are left out here") || len(log) > limit+200 || len(log) < limit/2 {
		t.Errorf("its log has %d bytes", len(log))
	}
	var size int64
	files, _ := filepath.Glob(b.folder(1).file("output*"))
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > limit {
		t.Errorf("it takes %d bytes on disk", size)
	}
}

func TestEnvironmentOfARun(t *testing.T) {
	t.Setenv("PRESSRUN_DATABASE_PASSWORD", "of the app")
	t.Setenv("GITHUB_TOKEN", "of a workflow")
	t.Setenv("KEPT", "as it is")
	p := newPlace(t, "env")
	p.settings.Env["PRESSRUN_TO"] = "file:///srv/www"
	b := p.open(t)
	run := b.dispatch(7)
	b.ended(7)
	log := b.log(7)
	for _, want := range []string{
		"KEPT=as it is", "PRESSRUN_SITE=www", "PRESSRUN_RELEASE=7", "PRESSRUN_RUN_ID=" + run.ID, "PRESSRUN_RUN_ATTEMPT=1",
		"PRESSRUN_TOKEN=the-bearer-secret", "PRESSRUN_DISPATCH_TOKEN=" + job(7).Token, "PRESSRUN_TO=file:///srv/www",
		"PRESSRUN_STATE_FILE=" + b.folder(7).file("action.json"), "PRESSRUN_SUPERVISED=true", "PRESSRUN_DIR=" + p.settings.Folder,
	} {
		if !strings.Contains(log, want+"\n") {
			t.Errorf("the action does not see %q", want)
		}
	}
	for _, not := range []string{"of the app", "of a workflow", inheritEnv} {
		if strings.Contains(log, not) {
			t.Errorf("the action sees %q", not)
		}
	}
}

func TestSecretsAreNotOnDiskOrInArguments(t *testing.T) {
	p := newPlace(t, "ps -ewwo args > args; sleep 0.1")
	b := p.open(t)
	b.dispatch(1)
	b.ended(1)
	texts := []string{filepath.Join(p.settings.Folder, "args")}
	err := filepath.WalkDir(b.state, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			texts = append(texts, path)
			if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s is readable by others (%v)", path, err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"the-bearer-secret", job(1).Token} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
	}
}

func TestOldRunsAreRemoved(t *testing.T) {
	b := newPlace(t, "true").open(t, func(o *Options) { o.Keep = 2 })
	for number := range int64(4) {
		b.dispatch(number + 1)
		b.ended(number + 1)
	}
	all, err := numbers(filepath.Join(b.state, "runs", "www"))
	if err != nil || len(all) != 2 {
		t.Errorf("kept %v (%v)", all, err)
	}
	if _, err := b.Log(t.Context(), "www", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log of a removed run: %v", err)
	}
	if log := b.log(4); log != "" {
		t.Errorf("the log of a silent run: %q", log)
	}
}

func TestMissingSourceFolderIsToldInWords(t *testing.T) {
	p := newPlace(t, "true")
	p.settings.Folder = filepath.Join(p.settings.Folder, "gone")
	b := p.open(t)
	b.dispatch(1)
	if e := b.ended(1); e.Conclusion != release.RunNeverStarted || !strings.Contains(e.Why, "gone") {
		t.Errorf("it ended as %+v", e)
	}
	if b.starts(1) != 0 {
		t.Error("the action was started")
	}
}

func TestSupervisorBeginsOnce(t *testing.T) {
	b := newPlace(t, "true").open(t)
	b.dispatch(1)
	b.ended(1)
	out, err := exec.CommandContext(t.Context(), os.Args[0], "run-local", b.folder(1).path).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "begins once") {
		t.Errorf("begun again by hand: %v, %s", err, out)
	}
	if n := b.starts(1); n != 1 {
		t.Errorf("the action was started %d times", n)
	}
}

func ExampleFromConfig() {
	fmt.Print(lines(map[string]string{"ANALYTICS_ID": "UA-1", "TEXT": "two\nlines"}))
	// Output:
	// ANALYTICS_ID="UA-1"
	// TEXT="two\nlines"
}

func TestTheRunnerHandsOnWhereAndHowToDeploy(t *testing.T) {
	s := FromConfig(config.Site{Deploy: config.Deploy{To: "s3://www", State: "s3://private/www", Rules: "/etc/pressrun/rules.json"}})
	for name, want := range map[string]string{"PRESSRUN_TO": "s3://www", "PRESSRUN_STATE": "s3://private/www", "PRESSRUN_RULES": "/etc/pressrun/rules.json"} {
		if s.Env[name] != want {
			t.Errorf("%s is %q, want %q", name, s.Env[name], want)
		}
	}
	if s := FromConfig(config.Site{}); s.Env["PRESSRUN_STATE"]+s.Env["PRESSRUN_RULES"] != "" {
		t.Errorf("a site that says nothing: %v", s.Env)
	}
}

// The release may be over, and its number forgotten, when its run is ended.
func TestRunIsKnownByItsNameAlone(t *testing.T) {
	b := newPlace(t, "sleep 60").open(t)
	run := b.dispatch(12)
	if event, err := b.LookUp(t.Context(), "www", 0, run); err != nil || event != release.Event(release.RunSeen{Run: run, Note: "running on this machine"}) {
		t.Errorf("looked up: %+v, %v", event, err)
	}
	if err := b.Cancel(t.Context(), "www", 0, run); err != nil {
		t.Fatal(err)
	}
	if e := b.ended(12); e.Conclusion != release.RunCancelled {
		t.Errorf("it ended as %+v", e)
	}
	for _, id := range []string{"", "4711", "local-other-12-abc", "local-www-x", "local-www--1"} {
		if err := b.Cancel(t.Context(), "www", 0, release.Run{ID: id, Attempt: 1}); err == nil {
			t.Errorf("run %q was cancelled", id)
		}
	}
}

func TestDispatchOfARunThatIsOverTellsItsEndAgain(t *testing.T) {
	b := newPlace(t, "exit 4").open(t)
	run := b.dispatch(1)
	first := b.ended(1)
	if again := b.dispatch(1); again != run {
		t.Errorf("another run: %+v", again)
	}
	if e := b.ended(1); e != first {
		t.Errorf("told %+v, before %+v", e, first)
	}
}
