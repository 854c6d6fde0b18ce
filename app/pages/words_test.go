package pages

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/operator"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/words"
	"github.com/pressrun/pressrun/test/browser"
)

// In a language that marks each text of the catalogue, what has no mark is either what
// somebody typed or an English text that no translation can reach.
func TestNoTextPassesTheCatalogue(t *testing.T) {
	marked := words.Marked()
	for name, f := range samples() {
		t.Run(name, func(t *testing.T) {
			d := f.detailIn(t, marked)
			for _, one := range []struct {
				template string
				page     frame.Page
			}{
				{"site", samplePage(t, f, marked)},
				{"operate", frame.Page{Title: marked.Say("For operators"), Body: operator.BodyOf(view.Operation{Site: d.Site, Deliveries: sampleDeliveries()}, view.AboutAll, nil)}},
			} {
				typed := append(textsOf(reflect.ValueOf(f)), textsOf(reflect.ValueOf(sampleDeliveries()))...)
				typed = append(typed, d.Title, d.URL, d.Zone.String(), "Grace Hopper", "Español")
				mustBeMarked(t, rendered(t, marked, one.template, one.page), typed)
			}
		})
	}
}

// rendered is a page in a language.
func rendered(t *testing.T, l words.Language, name string, one frame.Page) string {
	t.Helper()
	p := &frame.Frame{Config: config.Config{Pages: config.Pages{Access: "token"}}}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	p.Write(&frame.Visit{W: w, R: r, Who: &auth.Caller{Name: "Grace Hopper", Role: auth.Operator}, Reader: view.Audience{Language: l}}, http.StatusOK, name, one)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", name, w.Code, w.Body)
	}
	return w.Body.String()
}

// textsOf are all texts in a value, the longest first.
func textsOf(v reflect.Value) (found []string) {
	switch v.Kind() { //nolint:exhaustive // other kinds have no text that a page shows
	case reflect.String:
		if v.Len() > 1 {
			found = append(found, v.String())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			found = append(found, textsOf(v.Field(i))...)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			found = append(found, textsOf(v.Index(i))...)
		}
	}
	return found
}

// written are amounts and the brand, which are the same in each language.
var written = regexp.MustCompile(`(?i)\b\d+([.,]\d+)? (min|ms|s|h|d|kB|MB|bytes?)\b|\bPressrun\b`)

// mustBeMarked wants each text of a page that people read or hear to be marked, but for
// what was typed, and for times.
func mustBeMarked(t *testing.T, document string, typed []string) {
	t.Helper()
	slices.SortFunc(typed, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, text := range browser.Texts(t, document) {
		left := unmarked(text)
		for _, known := range typed {
			left = strings.ReplaceAll(strings.ReplaceAll(left, known, ""), strings.ToUpper(known[:1])+known[1:], "")
		}
		if left = written.ReplaceAllString(left, ""); strings.ContainsFunc(left, unicode.IsLetter) {
			t.Errorf("%q is shown in no language: say it by l.Say, v.Say, or {{say}} in a template (see internal/words/doc.go). In: %q", strings.TrimSpace(left), text)
		}
	}
}

// unmarked is what of a text stands outside of the marks.
func unmarked(text string) string {
	depth := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r == '⟦':
			depth++
			return -1
		case r == '⟧':
			depth--
			return -1
		case depth > 0:
			return -1
		}
		return r
	}, text)
}
