package app

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/browser"
	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestTheSetUpIsAccessible(t *testing.T) {
	ctx := browser.Start(t)
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) { c.GitHub.AppID, c.GitHub.KeyFile = 0, "" })
	s := browser.Screen{T: t, Ctx: ctx}
	s.Accessible(h.url, "/setup")
	s.Do(chromedp.SendKeys("#code", "a guess"+kb.Enter), chromedp.WaitVisible("[role=alert]"))
	if got := s.Axe(); len(got.Violations) > 0 {
		t.Errorf("a wrong code: %+v", got.Violations)
	}
	s.Do(chromedp.SendKeys("#code", h.setupCode(t)+kb.Enter), chromedp.WaitVisible("[action*=organizations] button"))
	s.Picture("/setup-begun")
	if got := s.Axe(); len(got.Violations) > 0 {
		t.Errorf("the way to GitHub: %+v", got.Violations)
	}
}
