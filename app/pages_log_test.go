package app

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

// builds is the output of a build of so many pages, with an error in its middle.
func builds(pages int) string {
	var out strings.Builder
	for n := range pages {
		fmt.Fprintf(&out, "\x1b[32mwrote\x1b[0m page %d of the site\n", n+1)
		if n == pages/2 {
			out.WriteString("\x1b[31mError: page about/\u202egnp.visit has no <title>\x1b[0m\n")
		}
	}
	return out.String()
}

func mustHave(t *testing.T, document string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(document, part) {
			t.Errorf("the page does not have %s", part)
		}
	}
}

func TestTheOutputOfARunIsRead(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	b.job(t)
	b.runner.output = builds(800)
	const base = "/sites/www/releases/1/log"
	end := r.Get(base).Status(http.StatusOK).Says("Lines 302 to 801 of 801", "page 800 of", "First error, line 402").SaysNot("page 301 of")
	mustHave(t, end.Text, `data-every="3"`, `content="30"`, `<span class="ansi-green">wrote</span>`)
	some := r.Get(base + "?from=392").Says("Lines 392 to 801 of 801")
	mustHave(t, some.Text, `id="L402" class="wrong"`, `<span class="ansi-red">Error: page about/\u{202e}gnp.visit has no &lt;title&gt;</span>`, `href="#L402"`)
	mustHave(t, r.Get(base+"?from=1").Says("Lines 1 to 500 of 801").SaysNot("page 500 of").Text, base+"?from=501")
	hits := r.Get(base + "?q=PAGE+77").Says("“PAGE 77” is in 11 of 801 lines").SaysNot("page 78 of")
	mustHave(t, hits.Text, base+"?from=67#L77", `value="PAGE 77"`)
	r.Get(base+"?q=nothing+of+it").Says("is in 0 of", "There is nothing here.")
	r.Get(base + "?from=9999").Says("There is nothing here.")
	for _, bad := range []string{"?from=0", "?from=x", "?from=-1", "?q=" + strings.Repeat("x", 201)} {
		r.Get(base + bad).Status(http.StatusUnprocessableEntity)
	}
	newReader(t, b).Get(base + ".txt").Status(http.StatusSeeOther)
	r.Get("/sites/secret/releases/1/log.txt").Status(http.StatusNotFound)
}

func TestTheOutputOfARunIsAccessibleAndGrowsByItself(t *testing.T) {
	ctx := browser.Start(t)
	b := start(t, withPeople)
	s := browser.Screen{T: t, Ctx: ctx}
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	b.job(t)
	b.runner.mu.Lock()
	b.runner.output = builds(40)
	b.runner.mu.Unlock()
	s.Do(chromedp.Navigate(b.url+"/signin"), chromedp.SendKeys("#token", editorToken+kb.Enter))
	s.Await(`location.pathname === "/" && document.readyState === "complete"`)
	const base = "/sites/www/releases/1/log"
	for _, path := range []string{base, base + "?q=page", base + "?q=none+of+it", base + "?from=12"} {
		s.Accessible(b.url, path)
	}
	s.Do(chromedp.Navigate(b.url + base))
	s.Await(`document.getElementById("L41") && !document.getElementById("L42")`)
	s.Do(chromedp.SendKeys("#log-q", "half typ"))
	b.runner.mu.Lock()
	b.runner.output += "and one more\n"
	b.runner.mu.Unlock()
	s.Await(`document.getElementById("L42") && document.getElementById("L42").innerText.includes("and one more")`)
	if got := s.Eval(`document.getElementById("log-q").value`); got != "half typ" {
		t.Errorf("what was typed became %q", got)
	}
}
