package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestAxeFindsWhatIsWrong(t *testing.T) {
	s := Screen{t, Start(t)}
	s.Do(chromedp.Navigate("data:text/html,<html><body><img src=x><input></body></html>"))
	if got := s.Axe(); len(got.Violations) < 3 {
		t.Errorf("axe found only %+v in a page without a language, labels and titles", got)
	}
}
