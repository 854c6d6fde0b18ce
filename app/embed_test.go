package app

import (
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

const embedToken = "the embed token"

// embedding lets pages of an origin show how www stands, and everybody its badge.
func embedding(origin string) func(*config.Config) {
	return func(c *config.Config) {
		withPeople(c)
		site := c.Sites["www"]
		site.Title = `Riverside <b>"Library"</b>`
		site.Public = config.Public{Badge: true, EmbedOrigins: []string{origin}, EmbedSHA256: []string{auth.HashToken(embedToken)}}
		c.Sites["www"] = site
	}
}

func get(t *testing.T, address string, header map[string]string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestABadgeIsAPictureThatRunsNothing(t *testing.T) {
	b := start(t, embedding("https://cms.example.gov"))
	status, svg, header := get(t, b.url+"/badge/www.svg", nil)
	if status != http.StatusOK || header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("%d %v", status, header)
	}
	if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
		t.Errorf("it is no XML: %v", err)
	}
	if !strings.Contains(svg, `<title id="t">Riverside &lt;b&gt;&#34;Library&#34;&lt;/b&gt;: nothing released yet</title>`) || strings.Contains(svg, "<script") {
		t.Errorf("got %s", svg)
	}
	if status, _, _ := get(t, b.url+"/badge/www.svg", map[string]string{"If-None-Match": header.Get("ETag")}); status != http.StatusNotModified {
		t.Errorf("asked again: %d", status)
	}
	for _, path := range []string{"/badge/secret.svg", "/badge/none.svg", "/badge/www", "/badge/"} {
		if status, _, _ := get(t, b.url+path, nil); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestAnEmbedTokenReadsThatSitesStatusAndNothingElse(t *testing.T) {
	b := start(t, embedding("https://cms.example.gov"))
	with := map[string]string{"Authorization": "Bearer " + embedToken, "Origin": "https://cms.example.gov"}
	status, body, header := get(t, b.url+"/embed/www", with)
	if status != http.StatusOK || strings.TrimSpace(body) != `{"state":"none","text":"nothing released yet"}` || header.Get("Access-Control-Allow-Origin") != "https://cms.example.gov" {
		t.Errorf("%d %s %v", status, body, header)
	}
	with["Origin"] = "https://elsewhere.example"
	if _, _, header := get(t, b.url+"/embed/www", with); header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another page may read it")
	}
	for path, want := range map[string]int{"/embed/secret": 401, "/embed/none": 401, "/embed/": 401, "/v1/sites": 401, "/v1/sites/www": 401, "/v1/events": 401} {
		if status, _, _ := get(t, b.url+path, with); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, token := range []string{"", "Bearer ", "Bearer " + auth.HashToken(embedToken), "Bearer " + operatorToken} {
		if status, _, _ := get(t, b.url+"/embed/www", map[string]string{"Authorization": token}); status != http.StatusUnauthorized {
			t.Errorf("%q: %d", token, status)
		}
	}
	if status, _, _ := get(t, start(t, nil).url+"/embed.js", nil); status != http.StatusNotFound {
		t.Errorf("an app that embeds nothing serves the script: %d", status)
	}
}

// TestAnEmbeddedElementTellsOfAnEntryInABrowser has a page of another origin show how
// an entry stands, from the first change to live.
func TestAnEmbeddedElementTellsOfAnEntryInABrowser(t *testing.T) {
	if info, err := os.Stat("public/embed.js"); err != nil || info.Size() > 10_000 {
		t.Errorf("the script has %d bytes, more than 10 kB (%v)", info.Size(), err)
	}
	ctx := browser.Start(t)
	var page string
	cms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page) // the browser may have gone
	}))
	t.Cleanup(func() {
		cms.CloseClientConnections()
		cms.Close()
	})
	b := start(t, embedding(cms.URL))
	srv := ownServer(t, b)
	page = fmt.Sprintf(`<!doctype html><html lang="en"><title>CMS</title><main><h1>Edit</h1>
		<pressrun-status id="entry" site="www" entry="node/123" token="%[2]s"></pressrun-status>
		<pressrun-status id="refused" site="www" token="wrong"></pressrun-status>
		</main><script src="%[1]s/embed.js"></script></html>`, srv.URL, html.EscapeString(embedToken))
	s := browser.Screen{T: t, Ctx: ctx}
	s.Do(chromedp.Navigate(cms.URL))
	said := func(id, want string) string {
		return fmt.Sprintf(`document.getElementById(%q).textContent.startsWith(%q)`, id, want)
	}
	s.Await(said("entry", "no release was asked for"))
	s.Await(said("refused", "Pressrun: not allowed"))
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent, Title: "<img src=x onerror=alert(1)>", Entity: "node/123"}); err != nil {
		t.Fatal(err)
	}
	look := func() {
		s.Eval(`(() => { const e = document.getElementById("entry"); e.remove(); document.querySelector("main").append(e); return "" })()`)
	}
	job := b.job(t)
	look()
	s.Await(said("entry", "going out"))
	b.run(t, job, release.Ready)
	look()
	s.Await(said("entry", "live since "))
	s.Await(`document.getElementById("entry").dataset.state === "live" && document.querySelector("#entry [role=status]").getAttribute("aria-live") === "polite"`)
	if got := s.Axe(); len(got.Violations) > 0 {
		t.Errorf("%+v", got.Violations)
	}
}
