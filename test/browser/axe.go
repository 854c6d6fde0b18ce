package browser

import (
	_ "embed"
	"encoding/json"

	"github.com/chromedp/chromedp"
)

//go:embed axe.min.js
var axeSource string

// AxeResult is what axe-core found: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md
type AxeResult struct {
	Passes     int
	Violations []struct{ ID, Help, Nodes string }
}

// Axe looks for violations of WCAG 2.1 A and AA in the page that is shown.
func (s Screen) Axe() AxeResult {
	s.T.Helper()
	if s.Eval(`typeof axe`) == "undefined" {
		s.Do(chromedp.Evaluate[chromedp.Void](axeSource))
	}
	text := s.Eval(`axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}).then((r) => JSON.stringify({
		passes: r.passes.length,
		violations: r.violations.map((v) => ({id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html + " " + n.failureSummary).join("\n")})),
	}))`)
	var got AxeResult
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		s.T.Fatal(err)
	}
	return got
}

// widest names what reaches beyond the window, and nothing in which such a thing is.
const widest = `(() => {
	const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth);
	return out.filter((e) => !out.some((other) => other !== e && e.contains(other))).slice(0, 5).map((e) => e.outerHTML.slice(0, 200)).join("\n");
})()`

// Accessible looks at a page in light and dark, and at 320 pixels: what is left of
// a window of 1280 at 400 % (WCAG 2.1, 1.4.10), with the spacing of text that
// readers may set (1.4.12).
func (s Screen) Accessible(base, path string) {
	s.T.Helper()
	address := base + path
	s.Do(chromedp.EmulateViewport(1100, 900), chromedp.Navigate(address))
	for _, look := range []string{"light", "dark"} {
		s.Do(scheme(look))
		s.Picture(path + "-" + look)
		got := s.Axe()
		if got.Passes < 10 {
			s.T.Errorf("%s (%s): only %d rules applied: was the page there?", address, look, got.Passes)
		}
		for _, v := range got.Violations {
			s.T.Errorf("%s (%s): %s: %s\n%s", address, look, v.ID, v.Help, v.Nodes)
		}
	}
	s.Do(chromedp.EmulateViewport(320, 800), scheme("light"))
	s.Picture(path + "-narrow")
	const tooWide = `String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`
	if got := s.Eval(tooWide); got != "0" {
		s.T.Errorf("%s is %s pixels too wide for a window of 320: %s", address, got, s.Eval(widest))
	}
	s.Eval(`document.adoptedStyleSheets = [(() => { const s = new CSSStyleSheet(); s.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }"); return s })()], "spaced"`)
	if got := s.Eval(`getComputedStyle(document.body).letterSpacing`); got == "normal" {
		s.T.Fatalf("%s: the text is not spaced", address)
	}
	if got := s.Eval(tooWide); got != "0" {
		s.T.Errorf("%s is %s pixels too wide for a window of 320 with wide text: %s", address, got, s.Eval(widest))
	}
	if got := s.Eval(`String(document.querySelectorAll("[style], style, script:not([src])").length)`); got != "0" {
		s.T.Errorf("%s has %s inline styles or scripts, which the policy forbids", address, got)
	}
}
