package ledger

import (
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// A request for which there was nothing to do is live with the release before, and so
// are the changes that hooks told of before the content was read.
func TestARequestForUnchangedContentIsLiveWithTheReleaseBefore(t *testing.T) {
	policy := release.DefaultPolicy()
	policy.Fingerprint, policy.Quiet = true, 0
	l, err := Open(t.Context(), sqlite.At(filepath.Join(t.TempDir(), "pressrun.db")), Options{Sites: map[string]release.Policy{"www": policy}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := t.Context()
	ask(t, l, Request{Source: release.FromEditor})
	run := release.Run{ID: "run", Attempt: 1}
	site := decide(t, l, "www", release.Tick{Token: "a"}, release.FingerprintRead{Release: 1, Value: "one"}, release.DispatchConfirmed{Token: "a", Run: run},
		release.Claim{Release: 1, Token: "a", Run: run})
	for i, to := range []release.State{release.InProgress, release.Complete, release.Ready} {
		site = decide(t, l, "www", report(site, run, int64(i+1), to))
	}
	if _, err := l.Hooks().Deliver(ctx, "www", []Arrival{{Delivery: HookDelivery{Hook: "cms", Decision: "wait"}, Change: &PendingChange{Entity: "page/1"}}}); err != nil {
		t.Fatal(err)
	}
	if changed, err := l.Schedules().Changed(ctx, site); !changed || err != nil {
		t.Fatalf("a change is known: %v (%v)", changed, err)
	}
	second := ask(t, l, Request{Source: release.FromSchedule})
	site = decide(t, l, "www", release.Tick{Token: "b"}, release.FingerprintRead{Release: 2, Value: "one"})
	if site.State != release.Ready || site.Last.Outcome != release.Unchanged {
		t.Fatalf("after the fingerprint: %+v", site)
	}
	mustBe(t, l, second.ID, Resolution{Status: release.Live, Release: 1})
	if changed, err := l.Schedules().Changed(ctx, site); changed || err != nil {
		t.Errorf("the change went out: %v (%v)", changed, err)
	}
	mustBeSound(t, l, "www")
}
