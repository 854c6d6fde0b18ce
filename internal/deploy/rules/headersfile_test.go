package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAHeadersFileIsReadAsItIs(t *testing.T) {
	parsed, err := ParseHeadersFile([]byte(`# comment
/*
  X-Frame-Options: DENY
  Cache-Control: public, max-age=60

/assets/*
	cache-control: public, max-age=31536000, immutable
/about
  Content-Language: en
/news/:year/feed.xml
  Content-Type: application/rss+xml
/secret/
  ! Cache-Control
`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"x-frame-options"}, parsed.Unkept); diff != "" {
		t.Error(diff)
	}
	rules, err := Rules{Headers: parsed.Rules}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, header, want string }{
		{"index.html", "cache-control", "public, max-age=60"},
		{"a/b/c.html", "cache-control", "public, max-age=60"},
		{"assets/x/y.css", "cache-control", "public, max-age=31536000, immutable"},
		{"about.html", "content-language", "en"},
		{"about/index.html", "content-language", "en"},
		{"about/team.html", "content-language", ""},
		{"news/2026/feed.xml", "content-type", "application/rss+xml"},
		{"news/a/b/feed.xml", "content-type", "application/xml; charset=utf-8"},
		{"secret/index.html", "cache-control", ""},
	} {
		h, err := rules.HeadersFor(c.path)
		if err != nil || h.Get(c.header) != c.want {
			t.Errorf("%s: %s is %q, want %q (%v)", c.path, c.header, h.Get(c.header), c.want, err)
		}
	}
}

func TestABadHeadersFileNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"  A: b":               "line 1: a header before any path",
		"assets\n":             "line 1: expected a path",
		"/*\n  no header\n":    "line 2",
		"/*\n\n  two words: x": "line 3",
	} {
		if _, err := ParseHeadersFile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseHeadersFile(f *testing.F) {
	f.Add([]byte("/*\n  A: b\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := ParseHeadersFile(text)
		if err != nil {
			return
		}
		// What was read may still be refused (a line break in a value), never panic.
		if rules, err := (Rules{Headers: parsed.Rules}).Compile(); err == nil {
			if _, err := rules.HeadersFor("a/index.html"); err != nil {
				t.Fatal(err)
			}
		}
	})
}
