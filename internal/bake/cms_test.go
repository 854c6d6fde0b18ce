package bake

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fakeCMS is a CMS for exact cases: pages by address, which tests change as they go.
type fakeCMS struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]answer
	asked map[string]int
	// every answers instead of a page, where it is set and says that it did.
	every func(w http.ResponseWriter, r *http.Request) bool
}

// answer is what the CMS answers at an address.
type answer struct {
	status int // 200 when left out
	media  string
	header map[string]string
	body   string // %[1]s is the CMS's address
}

func page(title, body string) answer {
	return answer{media: "text/html; charset=utf-8", body: "<!DOCTYPE html><html><head><title>" + title + "</title></head><body>" + body + "</body></html>"}
}

func newCMS(t testing.TB) *fakeCMS {
	t.Helper()
	c := &fakeCMS{pages: map[string]answer{}, asked: map[string]int{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	c.put("/", page("Home", `<a href="/news/">News</a> <a href="%[1]s/about">About</a><img src="/logo.png" srcset="/logo.png 1x, %[1]s/logo,2.png 2x">`))
	c.put("/news/", page("News", `<a href="/news/a/">A</a> <a href="?page=2">older</a> <a href="/about/?utm_source=x">about</a>`))
	c.put("/news/?page=2", page("News, page 2", `<a href="b/">B</a> <a href="?page=1">newer</a> <a href="/news/">first</a>`))
	c.put("/news/?page=1", page("News", `<a href="/news/a/">A</a>`))
	c.put("/news/a/", page("A", `<link rel=stylesheet href="/s.css?ver=1"><script>var u="`+`%[2]s\/news\/b\/";</script> <a href="https://other.example/">other</a>`))
	c.put("/news/b/", page("B", `<a href="/old">moved</a> <a href="/?p=7">short</a>`))
	c.put("/about", page("About", `<a href="news/">relative</a>`))
	c.put("/about/", answer{status: 301, header: map[string]string{"Location": "/about"}})
	c.put("/old", answer{status: 301, header: map[string]string{"Location": "%[1]s/news/a/#top"}})
	c.put("/gone-elsewhere", answer{status: 302, header: map[string]string{"Location": "https://other.example/x"}})
	c.put("/s.css?ver=1", answer{media: "text/css", body: `@import "/t.css"; a{background:url(%[1]s/bg.png)}`})
	c.put("/t.css", answer{media: "text/css", body: `b{}`})
	c.put("/bg.png", answer{media: "image/png", body: "\x89PNG bg"})
	c.put("/logo.png", answer{media: "image/png", body: "\x89PNG 1"})
	c.put("/logo,2.png", answer{media: "image/png", body: "\x89PNG 2"})
	c.put("/feed/", answer{media: "application/rss+xml; charset=UTF-8", body: `<rss><link>%[1]s/news/a/</link></rss>`})
	c.put("/robots.txt", answer{media: "text/plain", body: "User-agent: *\nDisallow: /wp-admin/\nSitemap: %[1]s/sitemap.xml\n"})
	c.put("/sitemap.xml", answer{media: "application/xml", body: `<urlset><url><loc>%[1]s/</loc></url><url><loc>%[1]s/unlinked/</loc></url><url><loc>%[1]s/feed/</loc></url><url><loc>%[1]s/gone-elsewhere</loc></url></urlset>`})
	c.put("/unlinked/", page("Unlinked", `thanks`))
	return c
}

func (c *fakeCMS) put(address string, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages[address] = a
}

func (c *fakeCMS) drop(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pages, address)
}

func (c *fakeCMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	a, ok := c.pages[r.URL.RequestURI()]
	c.asked[r.URL.RequestURI()]++
	every := c.every
	c.mu.Unlock()
	if every != nil && every(w, r) {
		return
	}
	if !ok {
		a = page("Not found", `<a href="news/">News</a> is all there is`)
		a.status = 404
	}
	fill := strings.NewReplacer("%[1]s", c.URL, "%[2]s", strings.ReplaceAll(c.URL, "/", `\/`))
	for name, value := range a.header {
		w.Header().Set(name, fill.Replace(value))
	}
	if tag := a.header["ETag"]; tag != "" && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", a.media)
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	fmt.Fprint(w, fill.Replace(a.body))
}

// times is how often an address was asked for since the last call.
func (c *fakeCMS) times() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = map[string]int{}
	return asked
}
