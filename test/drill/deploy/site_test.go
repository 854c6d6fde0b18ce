package deploy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/test/fakes3"
)

const (
	bucket = "site"
	prefix = "www/"
)

// build is a site on disk and its files by path.
type build struct {
	dir   string
	files map[string]string
}

// makeBuild makes a site whose pages name assets by their hash. The version
// changes every page's assets and the content of every third page; it also adds
// pages and takes some away.
func makeBuild(t testing.TB, pages, version int) build {
	t.Helper()
	b := build{dir: t.TempDir(), files: map[string]string{}}
	asset := func(stem, ext, body string) string {
		sum := sha256.Sum256([]byte(body))
		name := "assets/" + stem + "-" + "a1" + hex.EncodeToString(sum[:5]) + "." + ext
		b.files[name] = body
		return "/" + name
	}
	css := asset("site", "css", fmt.Sprintf("body{order:%d}", version))
	for i := range pages {
		if i%10 == version%10 && i > 0 {
			continue
		}
		edit := version
		if i%3 != 0 {
			edit = 0
		}
		js := asset(fmt.Sprintf("page%d", i%12), "js", fmt.Sprintf("run(%d,%d)", i%12, version))
		b.files[fmt.Sprintf("section-%d/page-%d/index.html", i%7, i)] = fmt.Sprintf(
			`<!doctype html><link rel="stylesheet" href="%s"><script src="%s"></script><p>page %d, edit %d`, css, js, i, edit)
	}
	b.files["index.html"] = fmt.Sprintf(`<link rel="stylesheet" href="%s"><p>version %d`, css, version)
	b.files["404.html"] = "<p>not found"
	b.files["sitemap.xml"] = fmt.Sprintf("<urlset><!-- %d --></urlset>", version)
	b.files["files/form.pdf"] = "%PDF of every version"
	for name, body := range b.files {
		file := filepath.Join(b.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

var reference = regexp.MustCompile(`(?:href|src)="/(assets/[^"]+)"`)

// torn are the pages, as a visitor gets them, that name an asset which is not
// there.
func torn(objects map[string]fakes3.Object) []string {
	var found []string
	for key, o := range objects {
		if strings.HasPrefix(key, prefix) && strings.HasSuffix(key, ".html") && !whole(objects, o) {
			found = append(found, key)
		}
	}
	return found
}

func whole(objects map[string]fakes3.Object, page fakes3.Object) bool {
	for _, m := range reference.FindAllSubmatch(page.Body, -1) {
		if _, ok := objects[prefix+string(m[1])]; !ok {
			return false
		}
	}
	return true
}

// served is what visitors can read: no state, no marker.
func served(objects map[string]fakes3.Object) map[string]string {
	out := map[string]string{}
	for key, o := range objects {
		name, ours := strings.CutPrefix(key, prefix)
		if ours && !strings.HasPrefix(name, ".pressrun/") && name != deploy.MarkerPath {
			out[name] = string(o.Body)
		}
	}
	return out
}

// holds tells whether the bucket serves exactly this build, besides older assets
// in their grace time.
func holds(objects map[string]fakes3.Object, b build) error {
	got := served(objects)
	for name, want := range b.files {
		if got[name] != want {
			return fmt.Errorf("%s holds %q, want %q", name, got[name], want)
		}
	}
	maps.DeleteFunc(got, func(name, _ string) bool {
		_, ok := b.files[name]
		return ok || strings.HasPrefix(name, "assets/")
	})
	for name := range got {
		return fmt.Errorf("%s stayed behind", name)
	}
	return nil
}
