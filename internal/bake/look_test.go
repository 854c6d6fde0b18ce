package bake

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/bake/judge"
)

// dated is the sitemap of a CMS that says when its articles were changed.
func dated(changed map[string]string) answer {
	var b strings.Builder
	b.WriteString("<urlset>")
	for _, path := range []string{"/news/a/", "/news/b/", "/unlinked/", "/new/"} {
		if at, ok := changed[path]; ok {
			fmt.Fprintf(&b, "<url><loc>%%[1]s%s</loc><lastmod>%s</lastmod></url>", path, at)
		}
	}
	b.WriteString("<url><loc>%[1]s/</loc></url></urlset>")
	return answer{media: "application/xml", body: b.String()}
}

func longAgo() map[string]string {
	const at = "2020-05-01T12:00:00+00:00"
	return map[string]string{"/news/a/": at, "/news/b/": at, "/unlinked/": at}
}

// once does something at the first time that an address is asked for, after it was answered.
func (c *fakeCMS) once(address string, do func()) {
	var first sync.Once
	c.mu.Lock()
	defer c.mu.Unlock()
	c.every = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.RequestURI() == address {
			first.Do(do)
		}
		return false
	}
}

func TestABakeInWhichNothingChangedIsQuiet(t *testing.T) {
	c := newCMS(t)
	c.put("/sitemap.xml", dated(longAgo()))
	a := mustBake(t, options(t, c))
	if a.Consistency != judge.Quiet {
		t.Fatalf("%s: %s", a.Consistency, a.ConsistencyBecause)
	}
	// What no list tells of is asked for twice, what one does once.
	asked := c.times()
	if asked["/"] != 2 || asked["/about"] != 2 || asked["/sitemap.xml"] != 2 || asked["/news/a/"] != 1 || asked["/unlinked/"] != 1 {
		t.Errorf("asked: %v", asked)
	}
}

// TestABakeDuringWhichTheCMSChangesIsPerItem changes the CMS while it is read.
func TestABakeDuringWhichTheCMSChangesIsPerItem(t *testing.T) {
	now := time.Now().UTC().Format(time.RFC3339)
	for name, one := range map[string]struct {
		change  func(c *fakeCMS, list map[string]string)
		file    string // that must have text in the output
		text    string
		changed string // in ConsistencyBecause
	}{
		"an article": {func(c *fakeCMS, list map[string]string) {
			c.put("/news/a/", page("A", "as it is now"))
			list["/news/a/"] = now
		}, "news/a/index.html", "as it is now", "changed while"},
		"an article, and its stamp is of a day": {func(c *fakeCMS, list map[string]string) {
			c.put("/news/a/", page("A", "as it is now"))
			list["/news/a/"] = now[:10]
		}, "news/a/index.html", "as it is now", "changed while"},
		"a new one": {func(c *fakeCMS, list map[string]string) {
			c.put("/new/", page("New", "just published"))
			list["/new/"] = now
		}, "new/index.html", "just published", "changed while"},
		"one deleted": {func(c *fakeCMS, list map[string]string) {
			c.drop("/unlinked/")
			delete(list, "/unlinked/")
		}, "", "", "changed while"},
		"the menu, of which no list tells": {func(c *fakeCMS, _ map[string]string) {
			c.put("/about", page("About", "another menu"))
		}, "about/index.html", "another menu", "changed while"},
		"the sitemap goes": {func(c *fakeCMS, list map[string]string) {
			clear(list)
		}, "", "", "changed while"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCMS(t)
			list := longAgo()
			c.put("/sitemap.xml", dated(list))
			when := "/unlinked/" // which only the sitemap names: that was read
			if one.text == "another menu" {
				when = "/about"
			}
			c.once(when, func() {
				one.change(c, list)
				c.put("/sitemap.xml", dated(list))
			})
			o := options(t, c)
			a := mustBake(t, o)
			if a.Consistency != judge.PerItem || !strings.Contains(a.ConsistencyBecause, one.changed) {
				t.Errorf("%s: %s", a.Consistency, a.ConsistencyBecause)
			}
			files := contents(t, o.Dir)
			if !strings.Contains(files[one.file], one.text) {
				t.Errorf("%s: %q", one.file, files[one.file])
			}
			if _, there := files["unlinked/index.html"]; there && name == "one deleted" {
				t.Error("a page that was deleted meanwhile is in the output")
			}
		})
	}
}

// TestWhatIsNotKnownIsNotSaidToBeQuiet has CMSs of which it can't be known.
func TestWhatIsNotKnownIsNotSaidToBeQuiet(t *testing.T) {
	for name, one := range map[string]struct {
		prepare func(c *fakeCMS)
		because string
	}{
		"no stamps": {func(*fakeCMS) {}, "do not say when"},
		"pages that are never the same": {func(c *fakeCMS) {
			c.put("/sitemap.xml", dated(longAgo()))
			n := 0
			c.every = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/about" {
					return false
				}
				c.mu.Lock()
				n++
				c.mu.Unlock()
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, "<title>About</title>%d", n)
				return true
			}
		}, "changed while"},
		"a sitemap that can't be had twice": {func(c *fakeCMS) {
			c.put("/sitemap.xml", dated(longAgo()))
			c.once("/unlinked/", func() { c.drop("/sitemap.xml") })
		}, "a second time"},
		"no clock": {func(c *fakeCMS) {
			c.put("/sitemap.xml", dated(longAgo()))
			c.every = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header()["Date"] = nil
				return false
			}
		}, "sends no time"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCMS(t)
			one.prepare(c)
			if a := mustBake(t, options(t, c)); a.Consistency != judge.PerItem || !strings.Contains(a.ConsistencyBecause, one.because) {
				t.Errorf("%s: %s", a.Consistency, a.ConsistencyBecause)
			}
		})
	}
}

// A WordPress tells by its API when its entries were changed.
func TestWordPressTellsByItsAPIWhetherItIsQuiet(t *testing.T) {
	c := newCMS(t)
	home := page("Home", `<a href="/news/a/">A</a>`)
	home.header = map[string]string{"Link": `<%[1]s/wp-json/>; rel="https://api.w.org/"`}
	c.put("/", home)
	kinds := answer{media: "application/json", body: `{"post":{"rest_base":"posts"}}`}
	c.put("/wp-json/wp/v2/types", kinds)
	c.put("/wp-json/wp/v2/taxonomies", answer{media: "application/json", body: `{}`})
	list := func(modified string) answer {
		return answer{media: "application/json", body: `[{"link":"%[1]s/news/a/","modified_gmt":"` + modified + `"}]`}
	}
	const at = "/wp-json/wp/v2/posts?_fields=link%2Csource_url%2Ccount%2Cmodified_gmt&order=asc&orderby=id&page=1&per_page=100"
	c.put(at, list("2020-05-01T12:00:00"))
	o := options(t, c)
	if a := mustBake(t, o); a.Consistency != judge.Quiet {
		t.Fatalf("%s: %s; notes: %q", a.Consistency, a.ConsistencyBecause, a.Notes)
	}
	c.once("/news/a/", func() {
		c.put(at, list(time.Now().UTC().Format("2006-01-02T15:04:05")))
		c.put("/news/a/", page("A", "as it is now"))
	})
	a := mustBake(t, o)
	if a.Consistency != judge.PerItem || !strings.Contains(contents(t, o.Dir)["news/a/index.html"], "as it is now") {
		t.Errorf("%s: %s", a.Consistency, a.ConsistencyBecause)
	}
}

// What a bake has not asked for may be older than the rest.
func TestABakeOfWhatChangedIsPerItem(t *testing.T) {
	c := newCMS(t)
	c.put("/sitemap.xml", dated(longAgo()))
	o := options(t, c)
	mustBake(t, o)
	o.Changes = []string{"/news/a/"}
	if a := mustBake(t, o); a.Consistency != judge.PerItem || !strings.Contains(a.ConsistencyBecause, "not requested") {
		t.Errorf("%s: %s", a.Consistency, a.ConsistencyBecause)
	}
}
