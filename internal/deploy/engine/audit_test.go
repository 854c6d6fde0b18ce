package engine_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// What a release dropped and could not delete is still ours, and the next deploy
// deletes it; what a stranger has put in its place is the stranger's.
func TestAnAuditTellsWhatIsStillToBeDeletedFromWhatIsNotOurs(t *testing.T) {
	var denied bool
	server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		if denied && (r.Method == http.MethodDelete || r.Method == http.MethodPost) {
			return &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
		}
		return nil
	}}
	denied = false
	dest := fake(t, server)
	if _, err := engine.Run(t.Context(), dest, options(small().with("a.html", "a").with("b.html", "b").write(t))); err != nil {
		t.Fatal(err)
	}
	denied = true
	if r, err := engine.Run(t.Context(), dest, options(small().write(t))); err != nil || len(r.Warnings) != 1 {
		t.Fatalf("%q, %v", r.Warnings, err)
	}
	denied = false
	for _, name := range []string{"b.html", "theirs.html"} {
		put := store.SmallPut(name, "content-type: text/html\n", []byte("theirs"), store.Condition{})
		if _, err := dest.Site.Put(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	audited := func(toDelete, foreign []string) {
		t.Helper()
		a, err := audit.Run(t.Context(), dest, "www")
		if diff := cmp.Diff([][]string{toDelete, foreign}, [][]string{a.ToDelete, a.Foreign}); err != nil || diff != "" || !a.Clean() {
			t.Errorf("clean %t, %v\n%s", a.Clean(), err, diff)
		}
	}
	audited([]string{"a.html"}, []string{"b.html", "theirs.html"})
	if _, err := engine.Run(t.Context(), dest, options(small().write(t))); err != nil {
		t.Fatal(err)
	}
	audited(nil, []string{"b.html", "theirs.html"})
}
