package ledger

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// shared are policies of sites that share slots: a1, a2 and a3 are of group a.
func shared(names ...string) map[string]release.Policy {
	all := policies(names...)
	for name, p := range all {
		p.Share.Runner = "github"
		if name[0] == 'a' {
			p.Share.Group = "a"
		}
		all[name] = p
	}
	return all
}

func limited(t *testing.T, path string, limits slots.Limits, names ...string) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), engineAt(t, path), Options{Sites: shared(names...), Slots: limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func tickSite(t *testing.T, l *Ledger, name string) release.Site {
	t.Helper()
	site, err := l.Tick(t.Context(), name, rand.Text())
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func given(t *testing.T, l *Ledger) []string {
	t.Helper()
	started, err := l.GiveSlots(t.Context(), rand.Text)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

// fails ends the release of a site that was dispatched.
func fails(t *testing.T, l *Ledger, name string) {
	t.Helper()
	site, err := l.Site(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Decide(t.Context(), name, release.DispatchRefused{Token: site.Current.Dispatch.Token, Why: "no"}); err != nil {
		t.Fatal(err)
	}
}

// lineOf is who waits for a slot, with the place.
func lineOf(t *testing.T, l *Ledger) map[string]string {
	t.Helper()
	line := map[string]string{}
	err := l.Read(t.Context(), func(ctx context.Context, s *Snapshot) error {
		waits, err := s.SlotWaits(ctx, Now())
		for name, w := range waits {
			line[name] = fmt.Sprint(w.For.Kind, " ", w.Place)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestReleasesWaitForASlotAndGetItWhenOneEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	limits := slots.Limits{Total: 2, PerGroup: 1}
	names := []string{"a1", "a2", "a3", "www"}
	l := limited(t, path, limits, names...)
	for _, name := range names {
		ask(t, l, Request{Site: name})
	}
	for _, name := range names {
		tickSite(t, l, name)
	}
	if diff := cmp.Diff(map[string]string{"a2": "group 1", "a3": "group 2"}, lineOf(t, l)); diff != "" {
		t.Errorf("who waits (-want +got):\n%s", diff)
	}
	if got := given(t, l); len(got) != 0 {
		t.Errorf("without a free slot %v start", got)
	}
	fails(t, l, "www") // its requests wait again, without a slot
	ask(t, l, Request{Site: "a3", Source: release.FromOperator, Emergency: true})
	fails(t, l, "a1")
	if got := given(t, l); !slices.Equal(got, []string{"a3"}) {
		t.Errorf("once there is a slot %v start, want the emergency of a3", got)
	}
	// What runs is told by the sites: another process counts the same.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = limited(t, path, limits, names...)
	if got := given(t, l); len(got) != 0 {
		t.Errorf("after a restart %v start", got)
	}
	tickSite(t, l, "a1")
	if diff := cmp.Diff(map[string]string{"a1": "group 2", "a2": "group 1"}, lineOf(t, l)); diff != "" {
		t.Errorf("who waits after a restart (-want +got):\n%s", diff)
	}
	events, err := l.Events(t.Context(), "a2", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, e := range events {
		if e.Kind == release.KindNoSlot {
			told++
			if e.Why != "1 of group a run" {
				t.Errorf("the audit trail says %q", e.Why)
			}
		}
	}
	if told != 1 {
		t.Errorf("the audit trail tells of the wait %d times", told)
	}
}

// tourOfSlots has a release wait for a slot and get it, and keeps a budget.
func tourOfSlots(t *testing.T, l *Ledger) {
	t.Helper()
	l.Serve(l.sites.now.Load().policies, nil, slots.Limits{Total: 1})
	for _, name := range []string{"www", "docs"} { // neither has one before they ask
		if _, err := l.Decide(t.Context(), name, release.ResetSite{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"www", "docs"} {
		ask(t, l, Request{Site: name})
		tickSite(t, l, name)
	}
	line := lineOf(t, l)
	if len(line) != 1 {
		t.Fatalf("%v wait", line)
	}
	for _, name := range []string{"www", "docs"} {
		if site, err := l.Site(t.Context(), name); err != nil {
			t.Fatal(err)
		} else if site.HasSlot() {
			fails(t, l, name)
			break
		}
	}
	if got := given(t, l); len(got) != 1 || line[got[0]] == "" {
		t.Errorf("%v start, %v waited", got, line)
	}
	tourOfBudgets(t, l)
}

func TestWithoutLimitsNothingWaitsForASlot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := limited(t, path, slots.Limits{Total: 1}, "www", "docs")
	for _, name := range []string{"www", "docs"} {
		ask(t, l, Request{Site: name})
		tickSite(t, l, name)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = limited(t, path, slots.Limits{}, "www", "docs") // the operator took the limit out
	if got := given(t, l); !slices.Equal(got, []string{"docs"}) {
		t.Errorf("%v start", got)
	}
}

func TestABudgetIsWhatWasToldLastAndTurnsAreApart(t *testing.T) { tourOfBudgets(t, fresh(t)) }

func tourOfBudgets(t *testing.T, l *Ledger) {
	t.Helper()
	g := l.Budgets()
	if b, err := g.Of(t.Context(), 7); err != nil || b != (Budget{}) {
		t.Errorf("of nothing told: %+v, %v", b, err)
	}
	until := Now().Add(time.Minute)
	for range 2 {
		if err := g.Change(t.Context(), 7, func(b Budget) Budget {
			return Budget{Quota: 5000, Remaining: b.Remaining + 10, Refusals: b.Refusals + 1, Reset: until, Until: until}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := g.Of(t.Context(), 7); err != nil || b != (Budget{Quota: 5000, Remaining: 20, Refusals: 2, Reset: until, Until: until}) {
		t.Errorf("%+v, %v", b, err)
	}
	first, ok, err := g.Turn(t.Context(), 7, true, time.Minute, time.Second)
	if err != nil || !ok {
		t.Fatal(first, ok, err)
	}
	for range 2 { // what is too far ahead is not reserved
		at, ok, err := g.Turn(t.Context(), 7, true, time.Minute, time.Second)
		if err != nil || ok || at.Sub(first) != time.Minute {
			t.Errorf("the next turn is %s after the first, reserved: %v, %v", at.Sub(first), ok, err)
		}
	}
	if _, ok, err := g.Turn(t.Context(), 7, false, time.Minute, time.Second); err != nil || !ok {
		t.Errorf("a read waits for changes: %v, %v", ok, err)
	}
	if _, ok, err := g.Turn(t.Context(), 8, true, time.Minute, time.Second); err != nil || !ok {
		t.Errorf("an installation waits for another: %v, %v", ok, err)
	}
}
