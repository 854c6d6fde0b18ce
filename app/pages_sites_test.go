package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/app/retention"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	rules "github.com/pressrun/pressrun/internal/retention"
	"github.com/pressrun/pressrun/test/browser"
)

func TestOneSiteOfManyIsFound(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, func(c *config.Config) {
		for i := range 12 {
			c.Sites[fmt.Sprintf("branch-%02d", i)] = config.Site{Title: fmt.Sprintf("Branch %02d", i), Runner: "local"}
		}
	})
	if _, err := b.app.ledger.Decide(t.Context(), "branch-07", release.PauseSite{Act: release.Act{By: "Grace", Why: "moving"}}); err != nil {
		t.Fatal(err)
	}
	r := signedInReader(t, b, operatorToken)
	r.Get("/").Says("The library", "Branch 11", "Needs attention: 1", "At rest: 12")
	r.Get("/?show=attention").Says("Branch 07").SaysNot("Branch 06", "The library")
	r.Get("/?q=library").Says("The library", "Needs attention: 0").SaysNot("Branch 07")
	r.Get("/?q=none").Says("No site is like that.")
	srv := ownServer(t, b)
	s := browser.Screen{T: t, Ctx: ctx}
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	for _, path := range []string{"/", "/?show=attention", "/?q=none"} {
		s.Accessible(srv.URL, path)
	}
}

func TestWhatWasRemovedIsSaidToBeRemoved(t *testing.T) {
	b := start(t, nil)
	var first string
	for i := range 4 {
		asked, err := b.client.Ask(t.Context(), "www", fmt.Sprint("k", i), api.RequestInput{Source: release.FromEditor, Title: "New hours"})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = asked.ID
		}
		b.run(t, b.job(t), release.Ready)
	}
	pruner := retention.New(retention.Options{
		Rows: b.app.ledger.Retention(), Policy: rules.Policy{For: time.Nanosecond, Releases: 2}, Folder: t.TempDir(),
		Log: slog.New(slog.DiscardHandler), Removed: b.app.metrics.HistoryRemoved, Failed: b.app.metrics.HistoryFailed,
	})
	if removed, err := pruner.Pass(t.Context()); err != nil || removed == 0 {
		t.Fatalf("%d rows went (%v)", removed, err)
	}
	r := signedInReader(t, b, operatorToken)
	for _, path := range []string{"/sites/www/releases/1", "/requests/" + first} {
		r.Get(path).Status(http.StatusGone).Says("This is no longer kept", "removed up to release #2")
	}
	r.Get("/sites/www/releases/99").Status(http.StatusNotFound)
	r.Get("/sites/www/releases").Says("Older releases, up to #2, were removed on").SaysNot("There is no older release")
	_, err := b.client.Request(t.Context(), first)
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != http.StatusGone || p.Code != "removed" {
		t.Errorf("the API says %v", err)
	}
	_, err = b.client.Rollback(t.Context(), "www", api.RollbackInput{To: 1, Why: "back"})
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != http.StatusGone && p.Status != http.StatusConflict {
		t.Errorf("a rollback to it: %v", err)
	}
	kept, err := b.client.Retention(t.Context())
	if err != nil || len(kept.Sites) != 1 || kept.Sites[0].Kept != 2 || kept.Sites[0].Removed == nil || kept.Sites[0].Removed.Release != 2 {
		t.Errorf("what is kept: %+v (%v)", kept, err)
	}
}
