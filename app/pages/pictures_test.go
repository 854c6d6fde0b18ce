package pages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/pressrun/pressrun/test/browser"
)

// TestPicturesOfTheDocs makes the pictures of docs/editors.md anew, if their folder is
// named: make pictures.
func TestPicturesOfTheDocs(t *testing.T) {
	folder := os.Getenv("PRESSRUN_PICTURES")
	if folder == "" {
		t.Skip("SKIPPED: PRESSRUN_PICTURES names no folder")
	}
	s, srv := browser.Screen{T: t, Ctx: browser.Start(t)}, servePages(t)
	for name, picture := range map[string]struct {
		sample        string
		width, height int64
	}{
		"site-page": {"in_progress", 1100, 1230},
		"held":      {"held", 1100, 620},
		"phone":     {"in_progress", 390, 844},
	} {
		s.Do(chromedp.EmulateViewport(picture.width, picture.height), chromedp.Navigate(srv.URL+"/sites/"+picture.sample))
		png, err := chromedp.Run(s.Ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
