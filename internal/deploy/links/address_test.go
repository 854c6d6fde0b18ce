package links

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// meaning is what a reference in a page means in the site; "elsewhere" for nothing.
func meaning(a Address, page, base, target string) string {
	read := pageReferences{baseHref: base, references: []reference{{target: target}}}
	doc := a.document(page, &read)
	place, ok := doc.place(0)
	if !ok {
		return "elsewhere"
	}
	return "/" + place.name
}

func TestWhatAReferenceMeans(t *testing.T) {
	root, docs := NewAddress("https://www.Example.org", ""), NewAddress("https://example.org:443/docs", "")
	for _, c := range []struct {
		address            Address
		page, base, target string
		want               string
	}{
		{Address{}, "a/b/index.html", "", "c.html", "/a/b/c.html"},
		{Address{}, "a/b/index.html", "", "../c/", "/a/c/"},
		{Address{}, "a/b/index.html", "", "..", "/a/"},
		{Address{}, "a/b/index.html", "", "%2e%2E/c", "/a/c"},
		{Address{}, "a/b/index.html", "", "./../x/.", "/a/x/"},
		{Address{}, "index.html", "", "/", "/"},
		{Address{}, "a.html", "", "./", "/"},
		{Address{}, "index.html", "", "../../../etc", "/etc"},
		{Address{}, "a/index.html", "", "/x%20y.png?v=1#z", "/x y.png"},
		{Address{}, "a/index.html", "", "/x y.png", "/x y.png"},
		{Address{}, "a/index.html", "", " \n/new\ns\t/ ", "/news/"},
		{Address{}, "a/index.html", "", `\news\a.html?b\c`, "/news/a.html"},
		{Address{}, "a/index.html", "", "b//c.html", "/a/b/c.html"},
		{Address{}, "a/index.html", "", "a:b", "elsewhere"},
		{Address{}, "a/index.html", "", "./a:b", "/a/a:b"},
		{Address{}, "a/index.html", "", "1:b", "/a/1:b"},
		{Address{}, "a/index.html", "", "v1.2/", "/a/v1.2/"},
		{Address{}, "100%/index.html", "", "a.html", "/100%/a.html"},
		{Address{}, "100%25/index.html", "", "a.html", "/100%25/a.html"},
		{Address{}, "a/index.html", "", "/%zz", "/%zz"},
		{Address{}, "a/index.html", "", "/caf%C3%A9/日本", "/café/日本"},
		{Address{}, "a/index.html", "", "?page=2", "elsewhere"},
		{Address{}, "a/index.html", "", "#top", "elsewhere"},
		{Address{}, "a/index.html", "", "https://example.org/", "elsewhere"},
		{Address{}, "a/index.html", "", "HTTPS:\\\\example.org/", "elsewhere"},
		{Address{}, "a/index.html", "", "//example.org/", "elsewhere"},
		{Address{}, "a/index.html", "", `\\example.org/`, "elsewhere"},
		{Address{}, "a/index.html", "", "///example.org", "elsewhere"},
		{Address{}, "a/index.html", "", "mailto:a@example.org", "elsewhere"},
		{Address{}, "a/index.html", "", "tel:+1", "elsewhere"},
		{Address{}, "a/index.html", "", "data:image/png;base64,AA", "elsewhere"},
		{Address{}, "a/index.html", "", " java\nscript:void(0)", "elsewhere"},

		{Address{}, "a/index.html", "/", "c.css", "/c.css"},
		{Address{}, "a/index.html", "/x/y", "c.css", "/x/c.css"},
		{Address{}, "a/index.html", "/x/y", "", "/x/y"},
		{Address{}, "a/index.html", "/x/y?q/z#f/g", "c", "/x/c"},
		{Address{}, "a/b/index.html", "../", "c.css", "/a/c.css"},
		{Address{}, "a/b/index.html", "..", "c.css", "/a/c.css"},
		{Address{}, "a/b/index.html", ".", "c.css", "/a/b/c.css"},
		{Address{}, "a/b/index.html", "?q", "c.css", "/a/b/c.css"},
		{Address{}, "a/b/index.html", " /x/\n", "c.css", "/x/c.css"},
		{Address{}, "a/b/index.html", "/x/", "#top", "/x/"},
		{Address{}, "a/b/index.html", "/x/", "/c.css", "/c.css"},
		{Address{}, "a/b/index.html", "https://cdn.example.net/x/", "c.css", "elsewhere"},
		{Address{}, "a/b/index.html", "//cdn.example.net/x/", "/c.css", "elsewhere"},
		{Address{}, "a/b/index.html", "data:text/html,x", "c.css", "/a/b/c.css"},
		{Address{}, "a/b/index.html", "javascript:1", "c.css", "/a/b/c.css"},

		{root, "a/index.html", "", "https://www.example.org/b/", "/b/"},
		{root, "a/index.html", "", "http://WWW.EXAMPLE.ORG:80/b/#x", "/b/"},
		{root, "a/index.html", "", "//www.example.org", "/"},
		{root, "a/index.html", "", "https://user@www.example.org?q", "/"},
		{root, "a/index.html", "", "https://example.org/b/", "elsewhere"},
		{root, "a/index.html", "", "https://www.example.org:8443/b/", "elsewhere"},
		{root, "a/index.html", "", "https://www.example.org.evil.net/b/", "elsewhere"},
		{root, "a/index.html", "", "https://www.example.org@evil.net/b/", "elsewhere"},
		{root, "a/index.html", "https://www.example.org/x/", "c.css", "/x/c.css"},
		{root, "a/index.html", "https://cdn.example.net/", "https://www.example.org/c.css", "/c.css"},

		{docs, "a/index.html", "", "b.html", "/a/b.html"},
		{docs, "a/index.html", "", "/docs/b.html", "/b.html"},
		{docs, "a/index.html", "", "/docs/", "/"},
		{docs, "a/index.html", "", "/docs", "/"},
		{docs, "a/index.html", "", "/doc%73/b", "/b"},
		{docs, "a/index.html", "", "/docs2/b", "elsewhere"},
		{docs, "a/index.html", "", "/b.html", "elsewhere"},
		{docs, "a/index.html", "", "../../b.html", "elsewhere"},
		{docs, "a/index.html", "", "../../docs/b.html", "/b.html"},
		{docs, "a/index.html", "", "https://example.org/docs/b.html", "/b.html"},
		{docs, "a/index.html", "", "https://example.org/b.html", "elsewhere"},
		{docs, "a/index.html", "/docs/", "b.html", "/b.html"},
		{docs, "a/index.html", "/", "b.html", "elsewhere"},
	} {
		if got := meaning(c.address, c.page, c.base, c.target); got != c.want {
			t.Errorf("%q in %s with base %q at %+v: %q, want %q", c.target, c.page, c.base, c.address, got, c.want)
		}
	}
}

// A browser comes to <base> after what stands before it.
func TestWhatIsLoadedBeforeTheBaseIsLoadedWithoutIt(t *testing.T) {
	read := readPage([]byte(`<link rel=stylesheet href=a.css><a href=b><base href="/x/"><img src=c><a href=d>`))
	doc := Address{}.document("p/index.html", &read)
	var got []string
	for i := range read.references {
		place, _ := doc.place(i)
		got = append(got, place.name)
	}
	if diff := cmp.Diff([]string{"p/a.css", "x/b", "x/c", "x/d"}, got); diff != "" {
		t.Error(diff)
	}
}

// Without a public address, a path from the host's root may count from any folder of
// the destination.
func TestTheDestinationsOwnPathIsPartOfAnAddress(t *testing.T) {
	a := NewAddress("", "/preview/acme/main/")
	for target, want := range map[string]sitePath{
		"/preview/acme/main/a.css": {name: "preview/acme/main/a.css", mounted: []string{"a.css"}},
		"/preview/acme/main/":      {name: "preview/acme/main/", mounted: []string{""}},
		"/preview/acme/main":       {name: "preview/acme/main", mounted: []string{""}},
		"/acme/main/a.css":         {name: "acme/main/a.css", mounted: []string{"a.css"}},
		"/main/a.css":              {name: "main/a.css", mounted: []string{"a.css"}},
		"/preview/acme/mainly":     {name: "preview/acme/mainly", outside: true},
		"/a.css":                   {name: "a.css", outside: true},
		"main/a.css":               {name: "p/main/a.css"},
	} {
		read := pageReferences{references: []reference{{target: target}}}
		doc := a.document("p/index.html", &read)
		got, ok := doc.place(0)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sitePath{})); !ok || diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
}
