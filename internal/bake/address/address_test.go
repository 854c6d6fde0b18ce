package address

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func origin(t testing.TB) Origin {
	t.Helper()
	o, err := ParseOrigin("https://CMS.example.gov:443/")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTheAddressOfACMS(t *testing.T) {
	if got := origin(t).String(); got != "https://cms.example.gov" {
		t.Error(got)
	}
	for _, bad := range []string{"", "cms", "http://cms.example.gov", "https://cms.example.gov/?a=b", "https://cms.example.gov/a//b", "https://u:p@cms.example.gov/", "ftp://a/"} {
		if o, err := ParseOrigin(bad); err == nil {
			t.Errorf("%q is %s", bad, o)
		}
	}
}

// Of a CMS below a path, addresses count from there, and what is beside it is another's.
func TestWhatAReferenceMeansBelowAPath(t *testing.T) {
	o, err := ParseOrigin("https://www.example.gov/blog/")
	if err != nil || o.String() != "https://www.example.gov/blog" || o.URL("/a/") != "https://www.example.gov/blog/a/" {
		t.Fatalf("%s (%v)", o, err)
	}
	for _, c := range []struct{ ref, want string }{
		{"b/", "/a/b/"},
		{"../", "/"},
		{"../../shop/", ""},
		{"/blog/c", "/c"},
		{"/blog", "/"},
		{"/blog?p=7", "/?p=7"},
		{"/blogger/", ""},
		{"/", ""},
		{"https://www.example.gov/blog/c/?page=2", "/c/?page=2"},
		{"https://www.example.gov/", ""},
		{"//www.example.gov/blog/", "/"},
		{"/blog/../shop/", ""},
	} {
		got, ok := o.Follow(o.BaseOf("/a/", ""), c.ref)
		if ok != (c.want != "") || string(got.Address) != c.want {
			t.Errorf("%s is %q (%v), want %q", c.ref, got.Address, ok, c.want)
		}
	}
	for _, given := range []string{"/c/", "/blog/c/"} {
		if got, ok := o.Given(given); !ok || got.Address != "/c/" {
			t.Errorf("%s is %q (%v)", given, got.Address, ok)
		}
	}
}

func TestWhatAReferenceMeans(t *testing.T) {
	o := origin(t)
	for _, c := range []struct{ at, base, ref, want string }{
		{"/a/b/", "", "c.html", "/a/b/c.html"},
		{"/a/b", "", "c.html", "/a/c.html"},
		{"/a/b/", "", "../c/#x", "/a/c/"},
		{"/a/b/", "", "%2e%2E/c", "/a/c"},
		{"/a/b/", "", "?page=2", "/a/b/?page=2"},
		{"/a/?page=2", "", "?page=3", "/a/?page=3"},
		{"/a/?page=2", "", "#top", "/a/?page=2"},
		{"/", "", "../../etc", "/etc"},
		{"/", "", "/x y?q=a b", "/x%20y?q=a%20b"},
		{"/", "", "/caf%c3%a9/%7Euser", "/caf%C3%A9/~user"},
		{"/", "", "/café", "/caf%C3%A9"},
		{"/", "", " \n/new\ns\t/ ", "/news/"},
		{"/", "", `\news\a`, "/news/a"},
		{"/", "", "https://cms.example.gov", "/"},
		{"/", "", "HTTP://CMS.EXAMPLE.GOV:80?x=1", "/?x=1"},
		{"/", "", "//cms.example.gov/a/./b/..", "/a/"},
		{"/", "", "https://cms.example.gov.evil.net/", "elsewhere"},
		{"/", "", "https://cms.example.gov@evil.net/", "elsewhere"},
		{"/", "", "https://user@cms.example.gov/", "elsewhere"},
		{"/", "", "mailto:a@cms.example.gov", "elsewhere"},
		{"/", "", "javascript:void(0)", "elsewhere"},
		{"/", "", "data:,x", "elsewhere"},
		{"/a/b/", "/x/y", "c", "/x/c"},
		{"/a/b/", "https://cdn.example.net/", "c", "elsewhere"},
		{"/a/b/", "https://cdn.example.net/", "/c", "elsewhere"},
		{"/a/b/", "https://cdn.example.net/", "https://cms.example.gov/c", "/c"},
		{"/a/b/", "data:text/html,", "c", "/a/b/c"},
	} {
		got := "elsewhere"
		if to, ok := o.Follow(o.BaseOf(Address(c.at), c.base), c.ref); ok {
			got = string(to.Address)
		}
		if got != c.want {
			t.Errorf("%q at %s with base %q: %s, want %s", c.ref, c.at, c.base, got, c.want)
		}
	}
}

func TestQueriesArePagesFilesOrUnknown(t *testing.T) {
	q := Queries{Pagers: DefaultPagers()}
	for in, want := range map[string]struct {
		a    Address
		kind QueryKind
	}{
		"/a/": {"/a/", Plain}, "/a/?utm_source=x&fbclid=y": {"/a/", Plain}, "/a/?replytocom=7": {"/a/", Plain},
		"/a/?page=2": {"/a/?page=2", Pager}, "/a/?utm_medium=x&page=2": {"/a/?page=2", Pager}, "/a/?page=x": {"/a/?page=x", Unknown}, "/a/?page=12345678": {"/a/?page=12345678", Unknown},
		"/?p=12": {"/?p=12", Unknown}, "/a/?page=2&sort=x": {"/a/?page=2&sort=x", Unknown},
		"/a.css?ver=6.1": {"/a.css?ver=6.1", Variant}, "/index.php?x": {"/index.php?x", Unknown}, "/a.html?x=1": {"/a.html?x=1", Unknown},
	} {
		if a, kind := q.Normalize(Address(in)); a != want.a || kind != want.kind {
			t.Errorf("%s: %s %d, want %v", in, a, kind, want)
		}
	}
}

func TestEachAddressBecomesAFile(t *testing.T) {
	for _, c := range []struct {
		item Item
		want Place
	}{
		{Item{Address: "/", Type: "text/html"}, Place{File: "index.html", Path: "/"}},
		{Item{Address: "/a/", Type: "text/html; charset=utf-8"}, Place{File: "a/index.html", Path: "/a/"}},
		{Item{Address: "/a", Type: "text/html"}, Place{File: "a/index.html", Path: "/a/"}},
		{Item{Address: "/docs/v1.2", Type: "text/html"}, Place{File: "docs/v1.2/index.html", Path: "/docs/v1.2/"}},
		{Item{Address: "/caf%C3%A9/", Type: "text/html"}, Place{File: "café/index.html", Path: "/caf%C3%A9/"}},
		{Item{Address: "/feed/", Type: "application/rss+xml; charset=UTF-8"}, Place{File: "feed/index.html", Path: "/feed/", Type: "application/rss+xml; charset=UTF-8"}},
		{Item{Address: "/rss.xml", Type: "text/xml"}, Place{File: "rss.xml", Path: "/rss.xml"}},
		{Item{Address: "/old.php", Type: "text/html"}, Place{File: "old.php", Path: "/old.php", Type: "text/html"}},
		{Item{Address: "/a.css?ver=1", QueryKind: Variant, Type: "text/css"}, Place{File: "a.css", Path: "/a.css"}},
		{Item{Address: "/news/?page=2", QueryKind: Pager, Type: "text/html"}, Place{File: "news/page/2/index.html", Path: "/news/page/2/"}},
		{Item{Address: "/?page=2", QueryKind: Pager, Type: "text/html"}, Place{File: "page/2/index.html", Path: "/page/2/"}},
	} {
		got, err := placeOf(c.item)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", c.item.Address, err, diff)
		}
	}
	for _, bad := range []Address{"/a%2Fb", "/a//b", "/a%00b", "/%FF", "/_redirects", "/_headers", Address("/" + strings.Repeat("x", 256)), Address(strings.Repeat("/x", 600))} {
		if p, err := placeOf(Item{Address: bad}); err == nil {
			t.Errorf("%.40s is %v", bad, p)
		}
	}
}

func TestOfTwoForOneFileNeitherIsLostInSilence(t *testing.T) {
	n := Assign([]Item{
		{Address: "/news/?page=2", QueryKind: Pager, Sum: "1"},
		{Address: "/news/page/2/", Sum: "2"},
		{Address: "/a.css?ver=1", QueryKind: Variant, Sum: "3"},
		{Address: "/a.css?ver=2", QueryKind: Variant, Sum: "4"},
		{Address: "/a.css?ver=3", QueryKind: Variant, Sum: "3"},
		{Address: "/About/", Sum: "5"},
		{Address: "/about/", Sum: "6"},
		{Address: "/b", Sum: "7"},
		{Address: "/b/", Sum: "8"},
		{Address: "/x.pdf", Sum: "9"},
		{Address: "/x.pdf/y/", Sum: "10"},
	})
	got := map[Address]string{}
	for a, p := range n.Places {
		got[a] = p.File
	}
	want := map[Address]string{
		"/news/page/2/": "news/page/2/index.html", "/a.css?ver=1": "a.css", "/a.css?ver=3": "a.css", "/a.css?ver=2": n.Places["/a.css?ver=2"].File,
		"/About/": "About/index.html", "/about/": "about/index.html", "/b": "b/index.html", "/b/": "b/index.html", "/x.pdf/y/": "x.pdf/y/index.html",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(got["/a.css?ver=2"], "a.") || !strings.HasSuffix(got["/a.css?ver=2"], ".css") || got["/a.css?ver=2"] == "a.css" {
		t.Error(got["/a.css?ver=2"])
	}
	if len(n.Failed) != 2 || n.Failed["/news/?page=2"] == "" || n.Failed["/x.pdf"] == "" {
		t.Error(n.Failed)
	}
	if diff := cmp.Diff([]string{"About/index.html", "about/index.html"}, n.Twins); diff != "" {
		t.Error(diff)
	}
}

// An address in normal form means itself.
func FuzzFollow(f *testing.F) {
	f.Add("/a/", "", "../b?c#d")
	f.Add("/", "//x", `\\cms.example.gov\%2e%2E`)
	f.Fuzz(func(t *testing.T, at, base, ref string) {
		o := origin(t)
		to, ok := o.Follow(o.BaseOf("/", base), ref)
		if !ok {
			return
		}
		again, ok := o.Follow(Base{Address: "/"}, string(to.Address))
		if !strings.HasPrefix(string(to.Address), "//") && (!ok || again.Address != to.Address) {
			t.Fatalf("%q is %s, and that %s", ref, to.Address, again.Address)
		}
		Queries{Pagers: DefaultPagers()}.Normalize(to.Address)
		if p, err := placeOf(Item{Address: to.Address}); err == nil && (strings.HasPrefix(p.File, "/") || strings.Contains("/"+p.File+"/", "/../")) {
			t.Fatalf("%q lies at %s", ref, p.File)
		}
	})
}
