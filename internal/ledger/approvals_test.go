package ledger

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tourOfApprovals keeps runs that wait, comments on one and drops one, and
// gives what the ledger holds after each step.
func tourOfApprovals(t *testing.T, l *Ledger) [][]Approval {
	t.Helper()
	ctx, since := t.Context(), time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	first := Approval{Site: "www", Run: "7", Environment: "production", Since: since}
	second := Approval{Site: "www", Run: "8", Environment: "production", Since: since.Add(-time.Minute), Comment: "paused", Comments: 2}
	var held [][]Approval
	for _, step := range []func() error{
		func() error { return l.Approvals().Put(ctx, first, second) },
		func() error { return l.Approvals().Comment(ctx, first, "another release is running") },
		func() error { return l.Approvals().Put(ctx, first) }, // the webhook came again
		func() error { return l.Approvals().Drop(ctx, second) },
		func() error { return l.Approvals().Drop(ctx, second) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		all, err := l.Approvals().Waiting(ctx)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, all)
	}
	first.Comment, first.Comments = "another release is running", 1
	want := [][]Approval{{second, {Site: "www", Run: "7", Environment: "production", Since: since}}, {second, first}, {second, first}, {first}, {first}}
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("the runs that wait (-want +got):\n%s", diff)
	}
	return held
}

func TestRunsThatWaitForApprovalAreKeptAndBackedUp(t *testing.T) {
	l := fresh(t)
	held := tourOfApprovals(t, l)
	path := filepath.Join(t.TempDir(), "backup.db")
	if err := l.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	restored, err := open(t, path).Approvals().Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(held[len(held)-1], restored); diff != "" {
		t.Errorf("the backup (-want +got):\n%s", diff)
	}
}
