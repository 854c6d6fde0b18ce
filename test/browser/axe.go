package app

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// axeResult is what axe-core found: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md
type axeResult struct {
	Passes     int
	Violations []struct{ ID, Help, Nodes string }
}

// axe looks for violations of WCAG 2.1 A and AA in the page that is shown.
func (s screen) axe(source string) axeResult {
	s.t.Helper()
	if s.eval(`typeof axe`) == "undefined" {
		s.do(chromedp.Evaluate[chromedp.Void](source))
	}
	text := s.eval(`axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}).then((r) => JSON.stringify({
		passes: r.passes.length,
		violations: r.violations.map((v) => ({id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html + " " + n.failureSummary).join("\n")})),
	}))`)
	var got axeResult
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		s.t.Fatal(err)
	}
	return got
}

func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("web/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// accessible looks at a page in light and dark, and at 320 pixels: what is left of
// a window of 1280 at 400 % (WCAG 2.1, 1.4.10), with the spacing of text that
// readers may set (1.4.12).
func (s screen) accessible(source, base, path string) {
	s.t.Helper()
	address := base + path
	s.do(chromedp.EmulateViewport(1100, 900), chromedp.Navigate(address))
	for _, look := range []string{"light", "dark"} {
		s.do(scheme(look))
		s.picture(path + "-" + look)
		got := s.axe(source)
		if got.Passes < 10 {
			s.t.Errorf("%s (%s): only %d rules applied: was the page there?", address, look, got.Passes)
		}
		for _, v := range got.Violations {
			s.t.Errorf("%s (%s): %s: %s\n%s", address, look, v.ID, v.Help, v.Nodes)
		}
	}
	s.do(chromedp.EmulateViewport(320, 800), scheme("light"))
	s.picture(path + "-narrow")
	const tooWide = `String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`
	if got := s.eval(tooWide); got != "0" {
		s.t.Errorf("%s is %s pixels too wide for a window of 320", address, got)
	}
	s.eval(`document.adoptedStyleSheets = [(() => { const s = new CSSStyleSheet(); s.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }"); return s })()], "spaced"`)
	if got := s.eval(`getComputedStyle(document.body).letterSpacing`); got == "normal" {
		s.t.Fatalf("%s: the text is not spaced", address)
	}
	if got := s.eval(tooWide); got != "0" {
		s.t.Errorf("%s is %s pixels too wide for a window of 320 with wide text", address, got)
	}
	if got := s.eval(`String(document.querySelectorAll("[style], style, script:not([src])").length)`); got != "0" {
		s.t.Errorf("%s has %s inline styles or scripts, which the policy forbids", address, got)
	}
}

func TestAxeFindsWhatIsWrong(t *testing.T) {
	s := screen{t, browser(t)}
	s.do(chromedp.Navigate("data:text/html,<html><body><img src=x><input></body></html>"))
	if got := s.axe(axeSource(t)); len(got.Violations) < 3 {
		t.Errorf("axe found only %+v in a page without a language, labels and titles", got)
	}
}

func TestEveryStateIsAccessible(t *testing.T) {
	s, srv, source := screen{t, browser(t)}, servePages(t), axeSource(t)
	for name := range samples() {
		s.accessible(source, srv.URL, "/sites/"+name)
	}
}

func TestEveryPageIsAccessible(t *testing.T) {
	ctx := browser(t)
	b := start(t, withPeople)
	srv := ownServer(t, b)
	s, source := screen{t, ctx}, axeSource(t)
	long := strings.Repeat("Donaudampfschifffahrtsgesellschaft", 8)
	asked, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromEditor, Actor: long[:180], Title: long, Link: "https://cms.example/" + long, Reason: long})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	metrics := `{"pages":12,"files":15,"steps":[{"name":"build","started_at":"2026-11-23T15:00:00Z","seconds":61.5,"result":"ok"}],"changed":["` + long + `"]}`
	if err := b.app.ledger.PutMetrics(t.Context(), "www", 1, metrics); err != nil {
		t.Fatal(err)
	}
	r := signedInReader(t, b, operatorToken)
	waiting := r.form("/sites/www/requests", url.Values{"reason": {long}}).location()
	b.job(t)
	b.await(t, release.Dispatched)

	s.accessible(source, srv.URL, "/signin?next=/sites/www")
	s.do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", "wrong"+kb.Enter), chromedp.WaitVisible("#error"))
	if got := s.axe(source); len(got.Violations) > 0 {
		t.Errorf("a refused sign-in: %+v", got.Violations)
	}
	s.do(chromedp.Navigate(srv.URL+"/signin"), chromedp.SendKeys("#token", operatorToken+kb.Enter))
	s.await(`location.pathname === "/" && document.readyState === "complete"`)
	for _, path := range []string{"/", "/sites/www", "/sites/secret", "/sites/www/releases/1", "/sites/www/releases/2", "/requests/" + asked.ID, waiting, "/sites/www/cancel", "/sites/www/reset", "/nope"} {
		s.accessible(source, srv.URL, path)
	}
}
