package bake

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/bake/judge"
)

// options are those of a bake of a CMS into a folder of the test.
func options(t testing.TB, c *fakeCMS) Options {
	t.Helper()
	return Options{CMS: c.URL, Dir: filepath.Join(t.TempDir(), "public"), PublicURL: "https://www.example.gov"}
}

func mustBake(t testing.TB, o Options) judge.Account {
	t.Helper()
	a, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if a.Counts.Unaccounted != 0 {
		t.Errorf("%d addresses are unaccounted for", a.Counts.Unaccounted)
	}
	return a
}

// contents are all files of a folder.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func html(title, body string) string { return page(title, body).body }

func TestASiteIsBaked(t *testing.T) {
	c := newCMS(t)
	o := options(t, c)
	a := mustBake(t, o)
	want := map[string]string{
		"index.html":             html("Home", `<a href="/news/">News</a> <a href="https://www.example.gov/about/">About</a><img src="/logo.png" srcset="/logo.png 1x, https://www.example.gov/logo,2.png 2x">`),
		"news/index.html":        html("News", `<a href="/news/a/">A</a> <a href="/news/page/2/">older</a> <a href="/about/?utm_source=x">about</a>`),
		"news/page/2/index.html": html("News, page 2", `<a href="/news/b/">B</a> <a href="/news/page/1/">newer</a> <a href="/news/">first</a>`),
		"news/page/1/index.html": html("News", `<a href="/news/a/">A</a>`),
		"news/a/index.html":      html("A", `<link rel=stylesheet href="/s.css"><script>var u="https:\/\/www.example.gov\/news\/b\/";</script> <a href="https://other.example/">other</a>`),
		"news/b/index.html":      html("B", `<a href="/old">moved</a> <a href="/?p=7">short</a>`),
		"about/index.html":       html("About", `<a href="/news/">relative</a>`),
		"s.css":                  `@import "/t.css"; a{background:url(https://www.example.gov/bg.png)}`,
		"t.css":                  `b{}`,
		"bg.png":                 "\x89PNG bg",
		"logo.png":               "\x89PNG 1",
		"logo,2.png":             "\x89PNG 2",
		"feed/index.html":        `<rss><link>https://www.example.gov/news/a/</link></rss>`,
		"robots.txt":             "User-agent: *\nDisallow: /wp-admin/\nSitemap: https://www.example.gov/sitemap.xml\n",
		"sitemap.xml":            `<urlset><url><loc>https://www.example.gov/</loc></url><url><loc>https://www.example.gov/unlinked/</loc></url><url><loc>https://www.example.gov/feed/</loc></url><url><loc>https://www.example.gov/gone-elsewhere</loc></url></urlset>`,
		"unlinked/index.html":    html("Unlinked", `thanks`),
		"404.html":               html("Not found", `<a href="/pressrun-no-such-page/news/">News</a> is all there is`),
		"_headers":               "/feed/index.html\n  Content-Type: application/rss+xml; charset=UTF-8\n",
		"_redirects":             "/gone-elsewhere https://other.example/x 302\n/old /news/a/#top 301\n",
	}
	got := contents(t, o.Dir)
	want["404.html"] = got["404.html"] // its relative link counts from an address of ours
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(got["404.html"], `"news/"`) {
		t.Error("the 404 page is shown at any address, and has a relative link")
	}
	if !a.Accepted || a.Mode != Full || a.Queries["p"] != 1 {
		t.Errorf("%+v", a)
	}
	for _, l := range a.Addresses {
		if len(l.Known) == 0 {
			t.Errorf("%s is known from nowhere", l.Address)
		}
	}
}

func TestNothingIsWrittenWhereNothingChanged(t *testing.T) {
	c := newCMS(t)
	o := options(t, c)
	mustBake(t, o)
	before, err := os.Stat(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	a := mustBake(t, o)
	after, err := os.Stat(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Unchanged || a.Mode != Conditional || a.Counts.Changed+a.Counts.New != 0 || !os.SameFile(before, after) {
		t.Errorf("unchanged %v, %s, %+v", a.Unchanged, a.Mode, a.Counts)
	}
}

func TestOnlyWhatDependsOnAChangeIsAskedFor(t *testing.T) {
	c := newCMS(t)
	for address, tag := range map[string]string{"/news/a/": "node:1", "/news/": "node:1, node_list", "/news/b/": "node:2"} {
		a := c.pages[address]
		a.header = map[string]string{"X-Drupal-Cache-Tags": tag}
		c.put(address, a)
	}
	o := options(t, c)
	mustBake(t, o)
	c.times()
	a := c.pages["/news/a/"]
	a.body = strings.Replace(a.body, "other</a>", "changed</a>", 1)
	c.put("/news/a/", a)
	o.Changes = []string{"node:1"}
	got := mustBake(t, o)
	asked := c.times()
	if asked["/news/a/"] != 1 || asked["/news/"] != 1 || asked["/news/b/"] != 0 || asked["/unlinked/"] != 0 || asked["/"] != 1 {
		t.Error(asked)
	}
	if got.Mode != Changed || got.Counts.Changed != 1 || got.Counts.Skipped == 0 || !strings.Contains(contents(t, o.Dir)["news/a/index.html"], "changed</a>") {
		t.Errorf("%s %+v", got.Mode, got.Counts)
	}
}

func TestWhatTheCMSSaysIsAsItWasIsNotSentAgain(t *testing.T) {
	c := newCMS(t)
	a := c.pages["/news/"]
	a.header = map[string]string{"ETag": `"1"`}
	c.put("/news/", a)
	o := options(t, c)
	mustBake(t, o)
	got := mustBake(t, o)
	if got.Mode != Conditional || !got.Unchanged || got.Counts.Missing+got.Counts.Gone != 0 {
		t.Errorf("%+v", got.Counts)
	}
	if c.drop("/news/a/"); len(contents(t, o.Dir)) == 0 {
		t.Fatal("nothing there")
	}
	_, err := Run(t.Context(), o)
	if refused, ok := errors.AsType[*Refused](err); !ok || refused.Violations[0].Name != judge.BrokenLinks {
		t.Errorf("a page that others still link to is gone: %v", err)
	}
}

func TestADeletedPageGoesInTheSameBake(t *testing.T) {
	c := newCMS(t)
	o := options(t, c)
	mustBake(t, o)
	c.drop("/unlinked/")
	c.put("/sitemap.xml", answer{media: "application/xml", body: `<urlset><url><loc>%[1]s/</loc></url><url><loc>%[1]s/feed/</loc></url></urlset>`})
	a := mustBake(t, o)
	if _, there := contents(t, o.Dir)["unlinked/index.html"]; there || a.Counts.Gone != 1 {
		t.Errorf("there: %v, %+v", there, a.Counts)
	}
	if a = mustBake(t, o); a.Counts.Gone != 0 || a.Counts.Missing != 0 {
		t.Errorf("it is told again: %+v", a.Counts)
	}
}
