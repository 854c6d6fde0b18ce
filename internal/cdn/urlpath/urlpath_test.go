package urlpath

import (
	"net/url"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAddressesAreThoseThatVisitorsAsk(t *testing.T) {
	for _, c := range []struct {
		base, name string
		clean      bool
		want       []string
	}{
		{"", "index.html", false, []string{"/index.html", "/"}},
		{"", "a/index.html", true, []string{"/a/index.html", "/a/", "/a"}},
		{"/docs", "index.html", false, []string{"/docs/index.html", "/docs/", "/docs"}},
		{"", "a/b.html", false, []string{"/a/b.html"}},
		{"", "a/b.html", true, []string{"/a/b.html", "/a/b"}},
		{"", "a/.html", true, []string{"/a/.html"}},
		{"", "my-index.html", false, []string{"/my-index.html"}},
		{"", "feed.xml", true, []string{"/feed.xml"}},
	} {
		if got := Of(c.base, c.name, c.clean); !slices.Equal(got, c.want) {
			t.Errorf("%s/%s: %v, want %v", c.base, c.name, got, c.want)
		}
	}
}

func TestAddressesAreEncodedAsBrowsersDo(t *testing.T) {
	for in, want := range map[string]string{
		"/a b/": "/a%20b/", "/caf\u00e9": "/caf%C3%A9", "/100%": "/100%25", "/a?b#c": "/a%3Fb%23c", "/q\"<>`{}^": "/q%22%3C%3E%60%7B%7D%5E",
		"/(1)!'*+,;=:@&$~[x]|-_.": "/(1)!'*+,;=:@&$~[x]|-_.", "/\x01\x7f": "/%01%7F", `/a\b`: "/a%5Cb",
	} {
		if got := Encode(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		in := "/" + rapid.String().Draw(t, "path")
		out, err := url.PathUnescape(Encode(in))
		if err != nil || out != in {
			t.Fatalf("%q came back as %q, %v", in, out, err)
		}
	})
}
