package links

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReferencesAreFoundAsBrowsersFindThem(t *testing.T) {
	html := `<!doctype html><html lang=en><link rel=stylesheet href=/a.css><a class="x"href="b.html?q=1&amp;r=2#c">b</a>
	<img data-src="lazy.png" src='img/c d.png'><script src=x.js></script><a
href="../up/">up</a><link rev="made" href="who@example.org" /><link rel=canonical href=/canon><base href="/"><link
  href="/i.png" rel="icon"><p>href = nothing, hrefs, ahref="no"</p><a href="`
	var got []string
	References([]byte(html), func(target string, asset bool) { got = append(got, fmt.Sprint(target, " ", asset)) })
	slices.Sort(got)
	want := []string{"../up/ false", "/a.css true", "/i.png true", "b.html?q=1&amp;r=2#c false", "img/c d.png true", "x.js true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		page, target, want string
		ok                 bool
	}{
		{"a/b/index.html", "c.html", "a/b/c.html", true},
		{"a/b/index.html", "../c/", "a/c/", true},
		{"index.html", "/", "", true},
		{"index.html", "./", "", true},
		{"a/index.html", "/x%20y.png?v=1#z", "x y.png", true},
		{"index.html", "../../../etc", "etc", true},
		{"a/index.html", "?page=2", "", false},
		{"a/index.html", "#top", "", false},
		{"a/index.html", "https://example.org/", "", false},
		{"a/index.html", "//example.org/", "", false},
		{"a/index.html", "mailto:a@example.org", "", false},
		{"a/index.html", "data:image/png;base64,AA", "", false},
		{"a/index.html", "{{ url }}", "", false},
		{"a/index.html", "/%zz", "", false},
	} {
		got, ok := Resolve(c.page, c.target)
		if got != c.want || ok != c.ok {
			t.Errorf("%s in %s: %q %v, want %q %v", c.target, c.page, got, ok, c.want, c.ok)
		}
	}
}

func FuzzReferences(f *testing.F) {
	f.Add([]byte(`<a href="x">`), "a/index.html")
	f.Add([]byte(`src=`), "")
	f.Fuzz(func(_ *testing.T, html []byte, page string) {
		References(html, func(target string, _ bool) { Resolve(page, target) })
	})
}
