package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
)

func TestRepairPutsRightWhatTheAuditFinds(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		build := small()
		o := options(build.write(t))
		mustRun(t, p, o)
		p.remove(t, "404.html")
		p.remove(t, "assets/app-BxK3a9_z.js")
		audit := func() audit.Audit {
			t.Helper()
			a, err := audit.Run(t.Context(), p.dest, "www")
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		missing := []string{"404.html", "assets/app-BxK3a9_z.js"}
		if a := audit(); !slices.Equal(a.Missing, missing) {
			t.Fatalf("missing: %q", a.Missing)
		}
		// A deploy of the same build trusts the manifest; one that repairs does not.
		if r := mustRun(t, p, o); r.Uploaded != 0 || audit().Clean() {
			t.Fatalf("a plain deploy sent %d files", r.Uploaded)
		}
		o.Repair = true
		if r := mustRun(t, p, o); r.Uploaded != 2 || r.Counts.New != 2 {
			t.Errorf("the repair sent %d files: %+v", r.Uploaded, r.Counts)
		}
		if diff := cmp.Diff(build, p.read(t)); diff != "" || !audit().Clean() {
			t.Errorf("after the repair (-want +got):\n%s", diff)
		}

		p.put(t, "news/index.html", "changed by hand")
		_, err := engine.Run(t.Context(), p.dest, o)
		if stopped, ok := errors.AsType[*guard.Error](err); !ok || !slices.Equal(stopped.Names(), []string{guard.ForeignFiles}) {
			t.Fatalf("what others changed was to be overwritten: %v", err)
		}
		o.Allow = []string{guard.ForeignFiles}
		if r := mustRun(t, p, o); r.Uploaded != 1 || r.Counts.Content != 1 {
			t.Errorf("the repair sent %d files: %+v", r.Uploaded, r.Counts)
		}
		if diff := cmp.Diff(build, p.read(t)); diff != "" || !audit().Clean() {
			t.Errorf("after the second repair (-want +got):\n%s", diff)
		}
		if r := mustRun(t, p, o); r.Uploaded != 0 {
			t.Errorf("a repair of what is whole sent %d files", r.Uploaded)
		}
	})
}

func TestShardsRepairToo(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		build := small()
		o := options(build.write(t))
		mustRun(t, p, o)
		p.remove(t, "404.html")
		o.Repair, o.DryRun = true, true
		plan, err := engine.Run(t.Context(), p.dest, o)
		if err != nil || len(plan.All) != 1 {
			t.Fatalf("%+v, %v", plan.All, err)
		}
		o.DryRun = false
		shards := engine.Sharded{Next: plan.Next, Parent: plan.Parent, Shards: 1, Changed: plan.All}
		sent, err := engine.Stage(t.Context(), p.dest, shards, 1, o)
		if err != nil || sent.Release != plan.Release || sent.Parent != plan.Parent || sent.FirstRelease || sent.Live {
			t.Fatalf("%+v, %v", sent, err)
		}
		if r, err := engine.Commit(t.Context(), p.dest, shards, o); err != nil || r.Counts.New != 1 {
			t.Fatalf("%+v, %v", r.Counts, err)
		}
		if diff := cmp.Diff(build, p.read(t)); diff != "" {
			t.Errorf("after the commit (-want +got):\n%s", diff)
		}
	})
}
