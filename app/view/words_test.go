package view

import (
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// The rules keep why a site is held in English; it is made anew for other readers.
func TestWhyASiteIsHeldIsSaidInTheReadersLanguage(t *testing.T) {
	es, _ := words.Named("es")
	v := Site{Language: es}
	v.Failures, v.Last = 4, release.Release{Number: 7, Why: "no title", RollbackTo: 3, Ordered: release.Act{By: "Ada"}}
	for why, want := range map[string]string{
		"4 releases in a row did not succeed; the last: no title": "4 publicaciones seguidas no salieron bien; la última: no title",
		"the last release did not succeed: no title":              "la última publicación no salió bien: no title",
		"rolled back to #3 by Ada":                                "Ada volvió a la publicación #3",
		"what an operator wrote":                                  "what an operator wrote",
	} {
		if v.Hold.Why = why; holdWhy(v) != want {
			t.Errorf("%q is said as %q, want %q", why, holdWhy(v), want)
		}
	}
}
