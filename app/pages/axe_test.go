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
}
