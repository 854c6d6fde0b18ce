package app

import (
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// Tables are sorted by their headings, which are links: without JavaScript, and told to
// whoever does not see the arrow.
func TestTablesAreSortedByTheirHeadings(t *testing.T) {
	b := start(t, withPeople)
	for _, title := range []string{"Beta", "Alpha", "Gamma"} {
		if _, err := b.client.Ask(t.Context(), "www", title, api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: title}); err != nil {
			t.Fatal(err)
		}
		b.run(t, b.job(t), release.Ready)
	}
	r := signedInReader(t, b, operatorToken)
	for path, want := range map[string][]string{
		"/sites/www/releases":             {"Gamma", "Alpha", "Beta"},
		"/sites/www/releases?sort=what":   {"Alpha", "Beta", "Gamma"},
		"/sites/www/releases?sort=-what":  {"Gamma", "Beta", "Alpha"},
		"/sites/www/releases?sort=number": {"Beta", "Alpha", "Gamma"},
		"/sites/www/releases?sort=nobody": {"Gamma", "Alpha", "Beta"},
	} {
		_, text, _ := strings.Cut(r.Get(path).Text, "<tbody")
		last := -1
		for _, title := range want {
			at := strings.Index(text, title)
			if at < last {
				t.Errorf("%s: %s is not where it should be: %.400s", path, title, text)
			}
			last = at
		}
	}
	for path, want := range map[string]string{
		"/sites/www/releases?sort=-what":     `aria-sort="descending"><a href="/sites/www/releases?#history">What went out`,
		"/sites/www/operate?sort=when":       `aria-sort="ascending"><a href="/sites/www/operate?sort=-when#trail">When`,
		"/sites/www/operate?about=releases":  `<a href="/sites/www/operate?about=releases&amp;sort=who#trail">Who`,
		"/sessions?everybody=&sort=used":     `aria-sort="ascending"><a href="/sessions?everybody=&amp;sort=-used#sessions-title">Last used`,
		"/sites/www/releases?sort=%22%3E%3C": `<a href="/sites/www/releases?sort=what#history">What went out`,
	} {
		if source := r.Get(path).Text; !strings.Contains(source, want) {
			t.Errorf("%s has no heading %s", path, want)
		}
	}
}
