package bake

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// site is a CMS of so many pages, each of which links to some others.
func site(pages int) http.Handler {
	text := strings.Repeat("<p class=text>Some words of a page, as there are on every page of a site, with no address in them at all.</p>\n", 60)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var i int
		n, _ := fmt.Sscanf(r.URL.Path, "/page-%d/", &i)
		if r.URL.Path != "/" && (n != 1 || i < 1 || i >= pages) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Tag", fmt.Sprintf("page-%d", i))
		fmt.Fprintf(w, "<!DOCTYPE html><html><head><title>Page %d</title></head><body>\n", i)
		for _, to := range []int{2*i + 1, 2*i + 2, i / 2, i + 1, i - 1} {
			if to > 0 && to < pages {
				fmt.Fprintf(w, "<p><a href='http://%s/page-%d/'>Page %d</a> and <a href='/page-%d/'>again</a></p>\n", r.Host, to, to, to)
			}
		}
		fmt.Fprint(w, text)
	})
}

// BenchmarkBake bakes 2000 pages: for the first time, and after that by a tag that no page
// has.
func BenchmarkBake(b *testing.B) {
	server := httptest.NewServer(site(2000))
	defer server.Close()
	for b.Loop() {
		dir := b.TempDir()
		o := Options{CMS: server.URL, Dir: filepath.Join(dir, "public")}
		if _, err := Run(b.Context(), o); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBakeByTags bakes what a tag says that changed: nothing.
func BenchmarkBakeByTags(b *testing.B) {
	server := httptest.NewServer(site(2000))
	defer server.Close()
	o := Options{CMS: server.URL, Dir: filepath.Join(b.TempDir(), "public")}
	if _, err := Run(b.Context(), o); err != nil {
		b.Fatal(err)
	}
	o.Changes = []string{"node:nothing"}
	for b.Loop() {
		if _, err := Run(b.Context(), o); err != nil {
			b.Fatal(err)
		}
	}
}
