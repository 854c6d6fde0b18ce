package app

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

func TestEveryPageIsAccessible(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, told("http://127.0.0.1:9/"))
	srv := ownServer(t, b)
	s := browser.Screen{T: t, Ctx: ctx}
	long := strings.Repeat("Donaudampfschifffahrtsgesellschaft", 8)
	asked, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromEditor, Actor: long[:180], Title: long, Link: "https://cms.example/" + long, Reason: long})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	metrics := `{"pages":12,"files":15,"steps":[{"name":"build","started_at":"2026-11-23T15:00:00Z","seconds":61.5,"result":"ok"},{"name":"wait_ready","started_at":"2026-11-23T14:00:00Z","seconds":36061.5,"result":"skipped"}],"changed":["` + long + `"]}`
	if err := b.app.ledger.PutMetrics(t.Context(), "www", 1, metrics); err != nil {
		t.Fatal(err)
	}
	r := signedInReader(t, b, operatorToken)
	waiting := r.Form("/sites/www/requests", url.Values{"reason": {long}}).Location()
	b.job(t)
	b.await(t, release.Dispatched)

	s.Accessible(srv.URL, "/signin?next=/sites/www")
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", "wrong"+kb.Enter), chromedp.WaitVisible("#error"))
	if got := s.Axe(); len(got.Violations) > 0 {
		t.Errorf("a refused sign-in: %+v", got.Violations)
	}
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	for _, path := range []string{"/", "/sites/www", "/sites/secret", "/sites/www/releases/1", "/sites/www/releases/2", "/requests/" + asked.ID, waiting, "/sites/www/cancel", "/sites/www/reset", "/sites/www/notices", "/nope"} {
		s.Accessible(srv.URL, path)
	}
}

// ownServer serves the app at another address, whose connections end with the
// test even if the browser still holds them.
func ownServer(t *testing.T, b *bench) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(b.app.Handler())
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv
}
