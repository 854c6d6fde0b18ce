package bake

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/bake/judge"
)

// A CMS below a path of its host becomes the root of the site, and what is beside it on the
// host stays another's.
func TestACMSBelowAPathIsBakedAsARoot(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	cms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/blog/":
			fmt.Fprintf(w, `<title>Home</title><a href="/blog/news/">N</a> <a href="http://%[1]s/blog/about/?utm_source=x#us">A</a> <img src="logo.png"><a href="/shop/">shop</a> <a href="/blogger/">not ours</a><script>u="http:\/\/%[1]s\/blog\/news\/"</script>`, r.Host)
		case "/blog/news/":
			fmt.Fprint(w, `<title>News</title><a href="../about/">A</a> <a href="/blog/">home</a> <a href="../../shop/">shop</a> <a href="/blog/old">old</a>`)
		case "/blog/about/":
			fmt.Fprint(w, `<title>About</title>us`)
		case "/blog/logo.png":
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, "\x89PNG")
		case "/blog/old":
			http.Redirect(w, r, "/blog/news/", http.StatusMovedPermanently)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer cms.Close()
	dir := filepath.Join(t.TempDir(), "public")
	o := Options{CMS: cms.URL + "/blog/", Dir: dir, PublicURL: "https://blog.example.gov", Extras: []string{"/about/"}, Backoff: time.Millisecond}
	a, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	files := contents(t, dir)
	for file, want := range map[string]string{
		"index.html":       `<title>Home</title><a href="/news/">N</a> <a href="https://blog.example.gov/about/?utm_source=x#us">A</a> <img src="logo.png"><a href="/shop/">shop</a> <a href="/blogger/">not ours</a><script>u="https:\/\/blog.example.gov\/news\/"</script>`,
		"news/index.html":  `<title>News</title><a href="../about/">A</a> <a href="/">home</a> <a href="../../shop/">shop</a> <a href="/old">old</a>`,
		"about/index.html": `<title>About</title>us`,
		"logo.png":         "\x89PNG",
	} {
		got := strings.Replace(files[file], "?utm_source=x", "", 1)
		if got != strings.Replace(want, "?utm_source=x", "", 1) {
			t.Errorf("%s:\n%s\nwant\n%s", file, got, want)
		}
	}
	if !strings.Contains(files["_redirects"], "/old /news/ 301") {
		t.Errorf("_redirects: %q", files["_redirects"])
	}
	for path := range asked {
		if !strings.HasPrefix(path, "/blog/") {
			t.Errorf("%s was asked for, which is none of the CMS's", path)
		}
	}
	for _, l := range a.Addresses {
		if l.Outcome == judge.Missing || strings.HasPrefix(string(l.Address), "/blog") {
			t.Errorf("the account has %+v", l)
		}
	}
	// The same again asks for what changed by its path in the site.
	o.Changes = []string{"/about/"}
	if a, err = Run(t.Context(), o); err != nil || a.Mode != Changed || !a.Unchanged {
		t.Errorf("%+v (%v)", a, err)
	}
}

func TestAnAddressOfACMSIsCheckedFirst(t *testing.T) {
	for _, wrong := range []string{"https://cms.example.gov/?p=1", "https://cms.example.gov/a//b/", "http://cms.example.gov/blog/"} {
		if _, err := Run(t.Context(), Options{CMS: wrong, Dir: t.TempDir()}); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}
