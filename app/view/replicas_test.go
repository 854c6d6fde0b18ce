package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
)

func TestReplicasThatAreNotAlikeAreTold(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	one := func(id, machine, version, config string, silent time.Duration) ledger.Replica {
		return ledger.Replica{ID: id, Name: "app-" + id, Machine: machine, Version: version, Config: config, Started: now.Add(-time.Hour), Seen: now.Add(-silent)}
	}
	self := one("1", "a", "v2", "x", time.Second)
	all := replicasOf([]ledger.Replica{
		one("0", "a", "v1", "x", time.Hour), // killed, and started again as 1
		self,
		one("2", "b", "v2", "x", 2*time.Second),
		one("3", "c", "v1", "y", 0),
		one("4", "d", "v2", "y", 0),
		one("5", "e", "v1", "x", 40*time.Second),
	}, self, now)
	var said []string
	for _, n := range ReplicaAlerts(all, when.Clock{Now: now, Zone: time.UTC}) {
		said = append(said, n.Title)
	}
	if want := []string{"Replica app-3 has another version", "Replica app-4 has another configuration", "Replica app-5 is silent"}; !slices.Equal(said, want) {
		t.Errorf("it is told that %q, expected %q", said, want)
	}
	var flags []string
	for _, r := range all {
		words := r.Name
		for _, f := range r.Flags(when.Clock{}.Language) {
			words += ", " + f.Title
		}
		flags = append(flags, words)
	}
	want := "app-1; app-2; app-3, another version, another configuration; app-4, another configuration; app-5, nothing heard for 40 s"
	if got := strings.Join(flags, "; "); got != want {
		t.Errorf("the list is %q, expected %q", got, want)
	}
	if !all[0].Self || all[1].Self {
		t.Errorf("which one tells of them is not known: %+v", all)
	}
}
