//go:build unix

package action_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/publish/planfile"
)

// sentPlan is a plan's file for a release, all of whose shards were sent.
func sentPlan(t *testing.T, b *bench, number int64) string {
	t.Helper()
	dest, err := destination.Open(t.Context(), b.opts.To, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	build := publish.Build{Dir: filepath.Join(b.dir, "public"), Release: number}
	plan := publish.Plan{Site: "www", Destination: dest, Source: build, DryRun: true}
	r, err := publish.Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	file := planfile.Plan{
		Destination: planfile.Destination{Address: b.opts.To, Site: "www"}, Build: planfile.Build{Folder: build.Dir, Release: number},
		Parent: r.Parent, Digest: r.PlanDigest, Changes: r.All, Shards: 2,
	}
	if file.Manifest, err = r.Next.Encode(); err != nil {
		t.Fatal(err)
	}
	for shard := 1; shard <= 2; shard++ {
		if _, err := publish.Stage(t.Context(), plan, build, engine.Sharded{Next: r.Next, Parent: r.Parent, Shards: 2, Changed: r.All}, shard); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "plan.json")
	if err := planfile.Write(name, file); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestOnlyThePlanOfThisReleaseIsPutInPlace: what "re-run failed jobs" keeps of an earlier
// release was read before what the new one promises.
func TestOnlyThePlanOfThisReleaseIsPutInPlace(t *testing.T) {
	b := newBench(t, wordyPages)
	b.wantExit(b.run("build"), failure.ExitOK)
	b.opts.Plan = sentPlan(t, b, 4)
	b.opts.StateFile = filepath.Join(t.TempDir(), "state.json")
	b.opts.Release = 5
	if err := b.run("deploy"); err == nil || !strings.Contains(err.Error(), "the plan is of release #4, and this run now has #5") || !strings.Contains(err.Error(), "run all jobs again") {
		t.Errorf("with the plan of another release: %v", err)
	}
	b.opts.StateFile = filepath.Join(t.TempDir(), "state.json")
	b.opts.Release = 4
	b.wantExit(b.run("deploy"), failure.ExitOK)
	if got := b.live("a.html"); !strings.Contains(got, "words of page a") {
		t.Errorf("the page is %q, and it says\n%s", got, b.err)
	}
	b.opts.StateFile = filepath.Join(t.TempDir(), "state.json")
	b.opts.To = "file://" + t.TempDir()
	b.wantExit(b.run("deploy"), failure.ExitUsage)
}
