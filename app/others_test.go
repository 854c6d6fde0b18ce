//go:build unix

package app

import (
	"net/http"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// One app takes the request, the machine of another builds it, and its run speaks to either.
func TestTwoAppsOnOneDatabaseAreOne(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	change := func(c *config.Config) { c.Ledger = address }
	first := start(t, change) // the site is built on its machine
	second := start(t, change)
	asked, err := second.client.Ask(t.Context(), "www", "k1", api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: "New hours"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := first.client.Ask(t.Context(), "www", "k1", api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: "New hours"}); err != nil || again.ID != asked.ID || !again.Duplicate {
		t.Errorf("the same key at the other app: %+v, %v", again, err)
	}
	job := first.job(t)
	run := &bench{app: second.app, runner: first.runner, url: second.url, client: second.client}
	run.run(t, job, release.Ready) // by the credential that the first one made
	eventually.Holds(t, "both tell that it is live", func() bool {
		a, errA := first.client.Request(t.Context(), asked.ID)
		b, errB := second.client.Request(t.Context(), asked.ID)
		return errA == nil && errB == nil && a.Status == release.Live && b.Status == release.Live
	})
	select {
	case job := <-second.runner.jobs:
		t.Errorf("the machine that the site is not built on was given release #%d", job.Release)
	default:
	}
	for _, b := range []*bench{first, second} {
		if status, text := b.callAs(t, "", http.MethodGet, "/readyz", ""); status != http.StatusOK {
			t.Errorf("/readyz says %d %s", status, text)
		}
	}
}

func TestASecondAppOnOneStateFolderIsRefusedWhereverTheLedgerIs(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	b := start(t, func(c *config.Config) { c.Ledger = address })
	if _, err := New(t.Context(), Options{Config: b.app.now.Load().config}); err == nil {
		t.Error("two apps use one state folder")
	}
}
