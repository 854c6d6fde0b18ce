//go:build linux

package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		"failed, by a guard": {
			build: "exit 9", state: `{"why":"too many pages are gone","fault":"content","guards":["vanished-pages"]}`,
			want: release.RunEnded{Conclusion: release.RunFailed, Why: "too many pages are gone", Fault: release.FaultContent, Guards: "vanished-pages"},
		},
		"killed from outside": {build: "kill -9 $PPID; sleep 5", want: release.RunEnded{Conclusion: release.RunDied, Why: "signal: killed"}},
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

func TestNextAppAdoptsWhatRuns(t *testing.T) {
	p := newPlace(t, "while [ ! -e go ]; do sleep 0.02; done; echo went on")
	first := p.open(t)
	run := first.dispatch(1)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := p.open(t)
	if err := second.Reattach(t.Context()); err != nil {
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
	if err := third.Reattach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := third.ended(1); e.Conclusion != release.RunSucceeded || e.Run != run {
		t.Errorf("told again: %+v", e)
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
