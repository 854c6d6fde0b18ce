package rules

import (
	"slices"
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
		"  A: b":                  "line 1: a header before any path",
		"assets\n":                "line 1: expected a path",
		"/*\n  no header\n":       "line 2",
		"/*\n\n  two words: x":    "line 3",
		"/*\n  Basic-Auth: a:b\n": "line 2: Basic-Auth can't be kept",
		"/a/../../b\n":            "line 1",
		"/a%zz\n":                 "line 1",
		"/*\n  ! a b\n":           "line 2",
		"/*\n  Link: " + strings.Repeat("x", maxHeadersLine): "line 2 is longer than 65536 bytes",
	} {
		if _, err := ParseHeadersFile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestAHeadersFileAsItsVendorsDocumentIt has a line for each sentence of
// https://developers.cloudflare.com/pages/configuration/headers/ and
// https://docs.netlify.com/routing/headers/ that a stored file can keep.
func TestAHeadersFileAsItsVendorsDocumentIt(t *testing.T) {
	for _, c := range []struct {
		name, text    string
		file          string // "" when only what is skipped matters
		header, value string
		skipped       string
	}{
		{"an absolute address is for its host", "/data.json\n  Cache-Control: no-store\nhttps://:project.pages.dev/*\n  Cache-Control: a\n", "data.json", "cache-control", "no-store", "line 3, https://:project.pages.dev/*: it depends on the host"},
		{"also without a path", "https://example.com\n  Cache-Control: a\n", "index.html", "cache-control", CachePage, "it depends on the host"},
		{"also with http, and in capitals", "HTTP://Example.com/a\n  Cache-Control: a\n", "", "", "", "it depends on the host"},
		{"a query", "/a?b=c\n  Cache-Control: a\n", "", "", "", "it depends on the query"},
		{"a byte order mark", "\ufeff/a.txt\n  Cache-Control: a\n", "a.txt", "cache-control", "a", ""},
		{"line ends of Windows", "/a.txt\r\n  Cache-Control: a\r\n", "a.txt", "cache-control", "a", ""},
		{"percent-encoding", "/caf%C3%A9/men%C3%BC.txt\n  Cache-Control: a\n", "café/menü.txt", "cache-control", "a", ""},
		{"not indented", "/a.txt\nCache-Control: a\n", "a.txt", "cache-control", "a", ""},
		{"an indented path", "  /a.txt\n  Cache-Control: a\n", "a.txt", "cache-control", "a", ""},
		{"comments between", "# x\n/a.txt\n# y\n  # z\n  Cache-Control: a\n", "a.txt", "cache-control", "a", ""},
		{"several lines of one name are joined", "/*\n  cache-control: max-age=0\n  Cache-Control: no-cache\n  cache-control: no-store\n", "a/b.html", "cache-control", "max-age=0, no-cache, no-store", ""},
		{"a later address wins", "/*\n  cache-control: a\n/b/*\n  cache-control: b\n", "b/c.html", "cache-control", "b", ""},
		{"a header is detached", "/*\n  content-language: en\n/b/*\n  ! Content-Language\n", "b/c.html", "content-language", "", ""},
		{"a splat in the middle", "/a/*/z.txt\n  cache-control: a\n", "a/b/c/z.txt", "cache-control", "a", ""},
		{"a placeholder within a name", "/blog/:year-:month/:slug.txt\n  cache-control: a\n", "blog/2026-11/x.txt", "cache-control", "a", ""},
		{"a placeholder is no splat", "/blog/:slug\n  cache-control: a\n", "blog/a/b/index.html", "cache-control", CachePage, ""},
		{"a placeholder at the end is a page", "/blog/:slug\n  cache-control: a\n", "blog/a/index.html", "cache-control", "a", ""},
		{"a dot makes no file", "/docs/v1.2\n  cache-control: a\n", "docs/v1.2/index.html", "cache-control", "a", ""},
		{"a slash at the end is a folder", "/docs/app.js/\n  cache-control: a\n", "docs/app.js/index.html", "cache-control", "a", ""},
		{"a value of the address", "/a/:x\n  content-language: :x\n", "", "", "", "its value depends on the address"},
		{"a value with a colon", "/a.txt\n  x-amz-meta-a: b: c\n", "a.txt", "x-amz-meta-a", "b: c", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := ParseHeadersFile([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(parsed.Skipped, "; "); !strings.Contains(got, c.skipped) || (c.skipped == "" && got != "") {
				t.Errorf("skipped %q, want %q", got, c.skipped)
			}
			if c.file == "" {
				return
			}
			rules, err := Rules{Headers: parsed.Rules}.Compile()
			if err != nil {
				t.Fatal(err)
			}
			h, err := rules.HeadersFor(c.file)
			if err != nil || h.Get(c.header) != c.value {
				t.Errorf("%s: %s is %q, want %q (%v)", c.file, c.header, h.Get(c.header), c.value, err)
			}
		})
	}
}

func TestAddressesThatNoFileAnswersAreTold(t *testing.T) {
	parsed, err := ParseHeadersFile([]byte("/a/*\n  cache-control: a\n/b\n  cache-control: b\n/c.pdf\n  cache-control: c\n"))
	if err != nil {
		t.Fatal(err)
	}
	idle, err := parsed.Unmatched(slices.Values([]string{"a/x.html", "b.html", "index.html"}))
	if diff := cmp.Diff([]int{5}, idle); err != nil || diff != "" {
		t.Error(err, diff)
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
