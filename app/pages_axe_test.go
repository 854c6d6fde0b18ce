package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

func TestEveryPageIsAccessible(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, func(c *config.Config) {
		told("http://127.0.0.1:9/")(c)
		published(t, hours...)(c)
	})
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
	again, err := b.client.Ask(t.Context(), "www", "k2", api.RequestInput{Source: release.FromContent, Title: long})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	r := signedInReader(t, b, operatorToken)
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	visited := []string{"/sites/www/rollback?to=1", "/sites/www/rollback?to=2", "/sites/www/rollback?to=x", "/sites/www/cancel"} // two questions, and three refusals
	for _, path := range visited {
		s.Accessible(srv.URL, path)
	}
	r.Form("/sites/www/rollback", url.Values{"to": {"1"}, "why": {long}}).Status(http.StatusSeeOther)
	b.run(t, b.job(t), release.Ready)
	for _, path := range []string{"/", "/sites/www", "/sites/www/releases/3", "/requests/" + again.ID} { // rolled back
		s.Accessible(srv.URL, path)
	}
	s.Eval(`document.querySelector("form[action='/signout'] button").click(), ""`)
	s.Await(`location.pathname === "/signin" && document.readyState === "complete"`)
	waiting := r.Form("/sites/www/requests", url.Values{"reason": {long}}).Location()
	last := b.job(t)
	b.await(t, release.Dispatched)

	s.Accessible(srv.URL, "/signin?next=/sites/www")
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", "wrong"+kb.Enter), chromedp.WaitVisible("#error"))
	if got := s.Axe(); len(got.Violations) > 0 {
		t.Errorf("a refused sign-in: %+v", got.Violations)
	}
	s.Do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	for _, path := range []string{
		"/", "/sites/www", "/sites/secret", "/sites/www/releases/1", "/sites/www/releases/4", "/sites/www/releases/99", "/sites/www/releases/1/log", "/sites/www/releases/1/log?q=x", "/sites/www/releases/1/log?from=1",
		"/requests/" + asked.ID, waiting, "/requests/none", "/sites/www/cancel", "/sites/www/reset", "/sites/www/allow", "/sites/www/notices", "/sessions", "/sessions?everybody", "/signin/oidc", "/signin/oidc/callback", "/sites/www/find?q=donau", "/sites/www/releases", "/sites/www?wall", "/sites/www/operate", "/sites/www/operate?about=acts&before=9", "/sites/none", "/nope", "/reading?back=/sites/www",
		"/sites/www/differences?from=1&to=2", "/sites/www/differences?from=1&to=2&page=index.html", "/sites/secret/differences", "/sites/www/differences?to=99",
		"/sites/www/previews", "/sites/www/previews/menu", "/sites/www/previews/menu/remove", "/sites/www/releases?sort=-took", "/sites/www/releases?on=today", "/sites/www/releases?on=2026-01-02", "/sites/www/operate?sort=who", "/sessions?sort=used",
	} {
		s.Accessible(srv.URL, path)
		visited = append(visited, path)
	}
	mustBeEveryPage(t, append(visited, "/signin"))
	b.stopped(t, last, guard.BrokenLinks)
	for _, path := range []string{"/sites/www", "/sites/www/allow", "/sites/www/operate"} { // with what a guard found
		s.Accessible(srv.URL, path)
	}
	s.Eval(`document.cookie = "pressrun_reading=es&; path=/"`)
	for _, path := range []string{"/", "/sites/www/operate", "/sites/www/releases", "/sites/www/releases/4", "/sites/www/differences?from=1&to=2&page=index.html", "/requests/" + asked.ID, "/sites/www/find?q=donau", "/sites/www/cancel", "/sites/www/allow", "/sites/www/notices", "/sessions", "/reading", "/nope"} {
		s.Do(chromedp.Navigate(srv.URL + path))
		if lang := s.Eval(`document.documentElement.lang`); lang != "es" {
			t.Errorf("%s is in %q after Spanish was chosen", path, lang)
		}
		if got := s.Axe(); len(got.Violations) > 0 {
			t.Errorf("%s in Spanish: %+v", path, got.Violations)
		}
	}
}

// mustBeEveryPage wants a visit at each route of the pages that is read.
func mustBeEveryPage(t *testing.T, visited []string) {
	t.Helper()
	var source []byte
	for _, file := range []string{"pages/pages.go", "pages/operator/operator.go", "pages/account/account.go", "pages/compare/pages.go", "pages/previews/previews.go"} {
		routes, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, routes...)
	}
	mux, left := http.NewServeMux(), map[string]bool{}
	for _, m := range regexp.MustCompile(`mux\.HandleFunc\("(GET [^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		mux.HandleFunc(m[1], http.NotFound)
		left[m[1]] = true
	}
	if len(left) < 20 {
		t.Fatalf("the pages have but the routes %v", left)
	}
	for _, path := range visited {
		_, pattern := mux.Handler(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		delete(left, pattern)
	}
	for _, file := range []string{"GET /assets/{name}", "GET /sites/{site}/events.csv", "GET /sites/{site}/events.jsonl", "GET /sites/{site}/releases/{number}/log.txt", "GET /sites/{site}/releases/{number}/addresses.jsonl"} {
		delete(left, file) // no page
	}
	for pattern := range left {
		t.Errorf("no page of %s was looked at", pattern)
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
