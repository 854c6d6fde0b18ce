package pages

import (
	"testing"

	"github.com/pressrun/pressrun/test/browser"
)

func TestEveryStateIsAccessible(t *testing.T) {
	s, srv := browser.Screen{T: t, Ctx: browser.Start(t)}, servePages(t)
	for name := range samples() {
		s.Accessible(srv.URL, "/sites/"+name)
	}
	s.Eval(`document.cookie = "pressrun_reading=es&; path=/"`)
	for _, name := range []string{"held", "in_progress", "schedule"} { // with words that are longer
		s.Accessible(srv.URL, "/sites/"+name+"?es")
	}
}
