//go:build unix

package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
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

// Operators see which apps there are, and that two are not configured alike; nobody else does.
func TestOperatorsSeeReplicasThatAreNotAlike(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	first := start(t, func(c *config.Config) {
		withPeople(c)
		c.Ledger = address
	})
	second := start(t, func(c *config.Config) {
		withPeople(c)
		c.Ledger, c.Keep.Export = address, t.TempDir()
	})
	for _, b := range []*bench{first, second} {
		page := signedInReader(t, b, operatorToken).Get("/").Says("Replicas", "this one", "another configuration", "give all the same")
		if n := strings.Count(page.Text, `<li id="replica-`); n != 2 {
			t.Errorf("%d replicas are listed", n)
		}
		signedInReader(t, b, editorToken).Get("/").SaysNot("Replicas", "another configuration")
	}
	spanishReader(t, first).Get("/").Says("Réplicas", "otra configuración").SaysNot("another", "this one")

	s := browser.Screen{T: t, Ctx: browser.Start(t)}
	srv := ownServer(t, first)
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	s.Accessible(srv.URL, "/")
}

func TestASecondAppOnOneStateFolderIsRefusedWhereverTheLedgerIs(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	b := start(t, func(c *config.Config) { c.Ledger = address })
	if _, err := New(t.Context(), Options{Config: b.app.current.Load().config}); err == nil {
		t.Error("two apps use one state folder")
	}
}
