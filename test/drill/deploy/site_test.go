package deploy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/test/fakes3"
)

const (
	bucket = "site"
	prefix = "www/"
)

// fewPages are as many as the redirects of a build need. A deploy's requests are of the
// same kinds as with more.
const fewPages = 20

// build is a site on disk and what it serves by path, redirects included.
type build struct {
	dir   string
	files map[string]string
}

// makeBuild makes a site whose pages name assets by their hash. The version
// changes every page's assets and the content of every third page; it also adds
// pages and takes some away. What is taken away leads on to another page until it
// comes back, and every version has redirects of its own: to a page that is new
// in it, to others of them, to a new feed and to the home page.
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
	var rules strings.Builder
	rule := func(from, to string, status int) {
		fmt.Fprintf(&rules, "%s %s %d\n", from, to, status)
		r := redirect.Rule{From: strings.TrimPrefix(from, "/"), To: to, Status: status}
		b.files[r.Path()] = string(r.Page())
	}
	page := func(i int) string { return fmt.Sprintf("/section-%d/page-%d/", i%7, i) }
	for i := range pages {
		if i%10 == version%10 && i > 0 {
			rule(strings.TrimSuffix(page(i), "/"), page(i-1), 301+i%2*7)
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
	fresh := (version + 9) % 10 // away in the version before
	rule(fmt.Sprintf("/short-%d", version), fmt.Sprintf("/shorter-%d", version), 301)
	rule(fmt.Sprintf("/shorter-%d", version), fmt.Sprintf("/shortest-%d?from=short#top", version), 308)
	rule(fmt.Sprintf("/shortest-%d", version), page(fresh+10), 301)
	rule("/newest", page(fresh+10), 301)
	rule("/home", "/", 301)
	rule("/news.rss", fmt.Sprintf("/version-%d.rss", version), 301)
	b.files[fmt.Sprintf("version-%d.rss", version)] = "<rss/>"
	b.files["index.html"] = fmt.Sprintf(`<link rel="stylesheet" href="%s"><p>version %d`, css, version)
	b.files["404.html"] = "<p>not found"
	b.files["sitemap.xml"] = fmt.Sprintf("<urlset><!-- %d --></urlset>", version)
	b.files["files/form.pdf"] = "%PDF of every version"
	onDisk := maps.Clone(b.files)
	onDisk[redirect.FileName] = rules.String()
	for name, body := range onDisk {
		if strings.Contains(body, leadOn) {
			continue // made by the deploy
		}
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

// leadOn is in every page that leads on by itself.
const leadOn = `http-equiv="refresh"`

var (
	reference = regexp.MustCompile(`(?:href|src)="/(assets/[^"]+)"`)
	refresh   = regexp.MustCompile(leadOn + ` content="0; url=([^"]*)"`)
)

// visitor looks at the site after every change that reached the store.
type visitor struct {
	t   *testing.T
	sum *tally
	// lasting are the addresses that every build has: once they are there, they
	// are never away.
	lasting []string
}

func visit(t *testing.T, sum *tally, builds ...build) visitor {
	t.Helper()
	v := visitor{t: t, sum: sum}
	for name := range builds[0].files {
		all := true
		for _, b := range builds {
			_, ok := b.files[name]
			all = all && ok
		}
		if all && !strings.HasPrefix(name, "assets/") {
			v.lasting = append(v.lasting, name)
		}
	}
	return v
}

// look is called after a change of one key.
func (v visitor) look(objects map[string]fakes3.Object, key string) {
	v.t.Helper()
	name, ours := strings.CutPrefix(key, prefix)
	if !ours || strings.HasPrefix(name, ".pressrun/") {
		return
	}
	broken, strayed := 0, 0
	page, there := objects[key]
	switch {
	case there:
		if strings.HasSuffix(key, ".html") && !whole(objects, page) {
			broken = 1
		}
		if !leadsSomewhere(objects, page) {
			strayed = 1
		}
	case strings.HasPrefix(name, "assets/"):
		broken = len(torn(objects))
	default:
		strayed = len(astray(objects))
		for _, name := range v.lasting {
			if _, ok := objects[prefix+name]; !ok {
				strayed++
			}
		}
	}
	if broken+strayed == 0 {
		return
	}
	v.sum.mu.Lock()
	v.sum.torn += broken
	v.sum.astray += strayed
	v.sum.mu.Unlock()
	v.t.Errorf("by a change of %s: %d torn, %d lead nowhere", key, broken, strayed)
}

// astray are the redirects that lead to nothing.
func astray(objects map[string]fakes3.Object) []string {
	var found []string
	for key, o := range objects {
		if name, ours := strings.CutPrefix(key, prefix); ours && !strings.HasPrefix(name, ".pressrun/") && !leadsSomewhere(objects, o) {
			found = append(found, key)
		}
	}
	return found
}

// leadsSomewhere tells whether an object is no redirect, or leads to what is
// there, both as a page and as S3's website endpoint carries it out.
func leadsSomewhere(objects map[string]fakes3.Object, o fakes3.Object) bool {
	for _, to := range targets(o) {
		if _, ok := redirect.TargetFile(to, func(name string) bool { _, ok := objects[prefix+name]; return ok }); !ok {
			return false
		}
	}
	return true
}

func targets(o fakes3.Object) []string {
	var out []string
	if m := refresh.FindSubmatch(o.Body); m != nil {
		out = append(out, html.UnescapeString(string(m[1])))
	}
	if to := o.Header.Get("X-Amz-Website-Redirect-Location"); to != "" {
		out = append(out, to)
	}
	return out
}

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
		if ours && !strings.HasPrefix(name, ".pressrun/") && name != manifest.MarkerPath {
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
