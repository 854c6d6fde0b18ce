package pages

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
		shot, err := chromedp.Run(s.Ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		keepSmall(t, filepath.Join(folder, name+".png"), shot)
	}
}

// keepSmall writes a picture with its 256 most frequent colours, which a page's letters
// need no more than: a third of the size.
func keepSmall(t *testing.T, path string, shot []byte) {
	t.Helper()
	all, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.Color]int{}
	for y := range all.Bounds().Dy() {
		for x := range all.Bounds().Dx() {
			count[all.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	small := image.NewPaletted(all.Bounds(), colours[:min(256, len(colours))])
	draw.Draw(small, small.Bounds(), all, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
