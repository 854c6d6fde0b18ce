package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

func deliver(t *testing.T, l *Ledger, arrivals ...Arrival) []Arrived {
	t.Helper()
	done, err := l.Hooks().Deliver(t.Context(), "www", arrivals)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestADeliveryAndWhatFollowsFromItAreKeptTogetherAndOnce(t *testing.T) {
	l := fresh(t)
	asks := Arrival{
		Delivery: HookDelivery{Hook: "cms", Key: "1", Event: "page.published", Decision: "release"},
		Request:  &Request{Site: "www", Key: "hook cms\x1f1", Source: release.FromContent, Title: "Hours"},
	}
	waits := Arrival{
		Delivery: HookDelivery{Hook: "cms", Key: "2", Event: "page.updated", Decision: "wait"},
		Change:   &PendingChange{Entity: "page/2", Title: "Staff"},
	}
	first := deliver(t, l, asks, waits)
	if first[0].Again || first[1].Again || first[0].Accepted.Request.ID == "" || first[0].Delivery.Request != first[0].Accepted.Request.ID {
		t.Fatalf("the first delivery: %+v", first)
	}
	second := deliver(t, l, asks, waits)
	if !second[0].Again || !second[1].Again || second[0].Accepted.Request.ID != first[0].Accepted.Request.ID {
		t.Errorf("the second delivery: %+v", second)
	}
	site, err := l.Site(t.Context(), "www")
	if err != nil || site.Accepted != 1 {
		t.Errorf("%d requests were accepted, %v", site.Accepted, err)
	}
	changes, err := l.PendingChanges(t.Context(), site, 10)
	if err != nil || len(changes) != 1 || changes[0].Title != "Staff" {
		t.Errorf("the changes are %+v, %v", changes, err)
	}
	kept, err := l.HookDeliveries(t.Context(), "www", "cms", 10)
	if err != nil || len(kept) != 4 {
		t.Errorf("the deliveries are %+v, %v", kept, err)
	}
	if other, err := l.HookDeliveries(t.Context(), "www", "another", 10); err != nil || len(other) != 0 {
		t.Errorf("those of another hook are %+v, %v", other, err)
	}
}

func TestAChangeWaitsUntilAReleaseThatBeganLaterIsLive(t *testing.T) {
	l := fresh(t)
	change := func(title string) {
		deliver(t, l, Arrival{Delivery: HookDelivery{Hook: "cms", Decision: "wait"}, Change: &PendingChange{Entity: "page/" + title, Title: title}})
	}
	waiting := func() (titles []string) {
		t.Helper()
		site, err := l.Site(t.Context(), "www")
		if err != nil {
			t.Fatal(err)
		}
		changes, err := l.PendingChanges(t.Context(), site, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			titles = append(titles, c.Title)
		}
		return titles
	}
	change("a")
	change("b")
	change("a")
	if got := fmt.Sprint(waiting()); got != "[a b]" {
		t.Errorf("the same page changed twice waits as %s", got)
	}
	ask(t, l, Request{})
	carry(t, l, "www")
	if got := waiting(); len(got) != 0 {
		t.Errorf("after a release wait %q", got)
	}
	change("c")
	if got := fmt.Sprint(waiting()); got != "[c]" {
		t.Errorf("after the release changed %s", got)
	}
}

func TestDeliveriesAndChangesAreBounded(t *testing.T) {
	l := fresh(t)
	var arrivals []Arrival
	for i := range MaxHookDeliveries + 50 {
		arrivals = append(arrivals, Arrival{
			Delivery: HookDelivery{Hook: "cms", Event: fmt.Sprint(i), Decision: "wait"}, Change: &PendingChange{Entity: fmt.Sprint(i)},
		})
	}
	deliver(t, l, arrivals...)
	var deliveries, changes int
	for text, into := range map[string]*int{`SELECT COUNT(*) FROM hook_deliveries`: &deliveries, `SELECT COUNT(*) FROM changes`: &changes} {
		if err := l.readers.QueryRowContext(t.Context(), text).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	if deliveries != MaxHookDeliveries || changes != MaxChanges {
		t.Errorf("%d deliveries and %d changes are kept", deliveries, changes)
	}
}

func TestAnOldSecretIsGoodUntilTheOverlapIsOver(t *testing.T) {
	l := fresh(t)
	put := func(hash string, rotate bool, overlap time.Duration) error {
		_, err := l.Hooks().PutSecret(t.Context(), HookSecret{Site: "www", Hook: "cms", Hash: hash, By: "ops"}, rotate, overlap)
		return err
	}
	good := func() (hashes []string) {
		t.Helper()
		secrets, err := l.HookSecrets(t.Context(), "www")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if s.GoodAt(Now()) {
				hashes = append(hashes, s.Hash)
			}
		}
		return hashes
	}
	if err := put("one", false, 0); err != nil {
		t.Fatal(err)
	}
	if c, ok := errors.AsType[*release.Conflict](put("two", false, 0)); !ok || c.Code != CodeHookHasSecret {
		t.Errorf("a second first secret: %v", c)
	}
	if err := put("two", true, time.Hour); err != nil || fmt.Sprint(good()) != "[one two]" {
		t.Errorf("while both are good: %v, %v", good(), err)
	}
	if err := put("three", true, 0); err != nil || fmt.Sprint(good()) != "[three]" {
		t.Errorf("without an overlap: %v, %v", good(), err)
	}
	if n, err := l.Hooks().RevokeSecrets(t.Context(), "www", "cms", "ops"); err != nil || n == 0 || len(good()) != 0 {
		t.Errorf("revoked %d, %v; good are %v", n, err, good())
	}
}
