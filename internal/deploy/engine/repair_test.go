package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
)

func TestRepairPutsRightWhatTheAuditFinds(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		build := small()
		o := options(build.write(t))
		mustRun(t, p, o)
		p.remove(t, "404.html")
		p.remove(t, "assets/app-BxK3a9_z.js")
		audit := func() engine.Audit {
			t.Helper()
			a, err := engine.RunAudit(t.Context(), p.dest, "www")
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
		if stopped, ok := errors.AsType[*deploy.GuardError](err); !ok || !slices.Equal(stopped.Names(), []string{deploy.GuardForeignFiles}) {
			t.Fatalf("what others changed was to be overwritten: %v", err)
		}
		o.Allow = []string{deploy.GuardForeignFiles}
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
