package app

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

// spanishReader chooses Spanish by the form, as somebody without JavaScript does.
func spanishReader(t *testing.T, b *bench) *browser.Reader {
	t.Helper()
	r := signedInReader(t, b, operatorToken)
	if to := r.Form("/reading", url.Values{"language": {"es"}, "back": {"/sites/www?wall"}}).Status(http.StatusSeeOther).Location(); to != "/sites/www?wall" {
		t.Fatalf("the choice leads to %s", to)
	}
	return r
}

// sameInBoth are texts that Spanish and English share, amounts and times, what tests and
// other programs said, and the audit trail's own words, which are kept as they were.
var sameInBoth = regexp.MustCompile(`(?i)\bpressrun\b|\bops\b|\bThe library\b|\bAmerica/New_York\b|\bUTC\b|\bEspañol\b|\bEnglish\b|Jun Ñandú|\bZeitplan\b|\bSecret plans\b|\d\d:\d\d(:\d\d)? [A-Z]{3,4}|^succeeded$|^schedule$|^editor: |^dial tcp.*|\b\d+([.,]\d+)? (ms|s|min|h|d)\b|sess_\w+|\bGo-http-client/1.1\b|127\.0\.0\.1|request\.\w+|site\.\w+|\bcms\b|\bcommit\b`)

// A text that both languages show, letter by letter, is one that no translation reached.
func TestNoPageShowsEnglishToSpanishReaders(t *testing.T) {
	b := start(t, told("http://127.0.0.1:9/"))
	asked, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromEditor, Actor: "Jun Ñandú", Title: "Zeitplan"})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	if _, err := b.client.Ask(t.Context(), "www", "k2", api.RequestInput{Source: release.FromSchedule}); err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	english, spanish := signedInReader(t, b, operatorToken), spanishReader(t, b)
	for _, path := range []string{
		"/", "/sites/www", "/sites/www?wall", "/sites/www/releases", "/sites/www/releases/1", "/sites/www/releases/99", "/sites/www/releases/x", "/requests/" + asked.ID,
		"/requests/none", "/sites/www/find?q=Zeitplan", "/sites/www/find?show=today", "/sites/www/find?q=1", "/sites/www/find?show=x", "/sites/www/operate?about=requests",
		"/sites/www/notices", "/sites/www/notices?state=undelivered", "/sites/www/rollback?to=1", "/sites/www/rollback?to=2", "/sites/www/cancel", "/sites/www/reset",
		"/sessions", "/sessions?everybody", "/signin", "/signin?out", "/signin/oidc/callback", "/reading", "/nope", "/sites/none",
	} {
		en, es := english.Get(path), spanish.Get(path)
		if !strings.Contains(es.Text, `<html lang="es">`) || !strings.Contains(en.Text, `<html lang="en">`) {
			t.Errorf("%s does not say its language", path)
		}
		both := browser.Texts(t, en.Text)
		for _, text := range browser.Texts(t, es.Text) {
			if slices.Contains(both, text) && strings.ContainsFunc(sameInBoth.ReplaceAllString(text, ""), unicode.IsLetter) {
				t.Errorf("%s shows %q to Spanish readers too: see internal/words/doc.go", path, strings.TrimSpace(text))
			}
		}
	}
}

func TestReadersChooseTheirLanguageAndZone(t *testing.T) {
	b := start(t, func(c *config.Config) { c.Pages.Language = "es" })
	ask := func(accept, cookie, want string) {
		t.Helper()
		header := map[string]string{"Accept-Language": accept}
		if cookie != "" {
			header["Cookie"] = "pressrun_reading=" + cookie
		}
		_, page, _ := get(t, b.url+"/signin", header)
		if !strings.Contains(page, `<html lang="`+want+`">`) {
			t.Errorf("a browser that asks for %q and has chosen %q is not answered in %s", accept, cookie, want)
		}
	}
	ask("", "", "es") // as configured
	ask("de", "", "es")
	ask("en-GB,en;q=0.9,es;q=0.5", "", "en")
	ask("en", "es&", "es")
	ask("en", "klingon&Nowhere/Town", "en")
	ask("en", "%00", "en")

	r := signedInReader(t, b, operatorToken)
	r.Get("/sites/www").Says("Las horas son las de America/New_York.", "En vivo ahora")
	r.Form("/reading", url.Values{"language": {"en"}, "zone": {"Europe/Berlin"}, "back": {"//evil.example/"}}).Status(http.StatusSeeOther)
	r.Get("/sites/www").Says("Times are those of Europe/Berlin, which you chose.", "CE").SaysNot("America/New_York")
	r.Get("/sites/www/operate").Says("(time of Europe/Berlin)")
	r.Form("/reading", url.Values{"language": {"es"}, "zone": {"Nowhere/Town"}}).Status(http.StatusUnprocessableEntity).Says("There is no such time zone.")
	r.Form("/reading", url.Values{"language": {"es"}, "back": {"/sites/www"}}).Status(http.StatusSeeOther)
	r.Get("/sites/www").Says("Las horas son las de Europe/Berlin, que usted eligió.") // the zone stays
	r.Form("/reading", url.Values{"language": {""}, "zone": {""}}).Status(http.StatusSeeOther)
	r.Get("/sites/www").Says("Las horas son las de America/New_York.")
}

func TestSentencesOfTheAPITellTimesInTheZoneThatIsAskedFor(t *testing.T) {
	b := start(t, func(c *config.Config) { c.Pages.Language = "es" })
	if _, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromEditor, Actor: "Ada"}); err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	for zone, want := range map[string]string{"": "America/New_York", "Asia/Tokyo": "Asia/Tokyo"} {
		site, err := b.client.In(zone).Site(t.Context(), "www")
		if err != nil {
			t.Fatal(err)
		}
		if short := map[string]string{"America/New_York": " E", "Asia/Tokyo": " JST"}[want]; site.TimeZone != want || !strings.Contains(site.Text, short) || !strings.HasPrefix(site.Text, "Everything is live") {
			t.Errorf("asked for %q: %s, %q", zone, site.TimeZone, site.Text)
		}
	}
	if _, err := b.client.In("Nowhere/Town").Site(t.Context(), "www"); err == nil || !strings.Contains(err.Error(), "names no time zone") {
		t.Errorf("a zone that is none: %v", err)
	}
}
