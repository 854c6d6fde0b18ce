package content

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/links"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// BenchmarkUnchangedPages reads 1,000 unchanged pages of 20 kB from disk, after a
// release that takes a page away, and one that takes a thousand.
func BenchmarkUnchangedPages(b *testing.B) {
	dir := b.TempDir()
	page := []byte(strings.Repeat(`<p>Some words of a page, and a <a class="link" href="/p1.html">link</a>, and on it goes.</p>`, 220))
	from := NewBuild(dir)
	var tree manifest.Tree
	live := map[int]*manifest.Manifest{1: {}, 1000: {}}
	for i := range 1000 {
		f := manifest.File{Path: fmt.Sprintf("p%03d.html", i), Size: int64(len(page))}
		if err := os.WriteFile(filepath.Join(dir, f.Path), page, 0o600); err != nil {
			b.Fatal(err)
		}
		tree.Files = append(tree.Files, f)
		gone := manifest.Entry{Path: fmt.Sprintf("gone-%03d.html", i)}
		if i == 0 {
			live[1].Entries = append(live[1].Entries, gone)
		}
		live[1000].Entries = append(live[1000].Entries, gone)
	}
	for _, n := range []int{1, 1000} {
		site := links.NewSite(tree, links.Address{}, links.NewRemoved(tree, live[n], manifest.DefaultGrace, 2, time.Now()))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(page) * len(tree.Files)))
			b.ReportAllocs()
			for b.Loop() {
				if links, err := from.Links(b.Context(), tree.Files, site.Lost); err != nil || len(links) > 0 {
					b.Fatal(links, err)
				}
			}
		})
	}
}
