package rules

import (
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

func TestEveryFileHasItsTypePhaseAndCaching(t *testing.T) {
	rules, err := Rules{}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, contentType, cache string
		class                    Class
	}{
		{"index.html", "text/html; charset=utf-8", CachePage, ClassEntry},
		{"about/index.html", "text/html; charset=utf-8", CachePage, ClassPage},
		{"OLD.HTM", "text/html; charset=utf-8", CachePage, ClassPage},
		{"sitemap.xml", "application/xml; charset=utf-8", CachePage, ClassEntry},
		{"sitemaps/sitemap-2.xml", "application/xml; charset=utf-8", CachePage, ClassEntry},
		{"news/feed.xml", "application/xml; charset=utf-8", CachePage, ClassEntry},
		{"news/all.atom", "application/atom+xml; charset=utf-8", CachePage, ClassEntry},
		{"sw.js", "text/javascript; charset=utf-8", CachePage, ClassEntry},
		{"data.xml", "application/xml; charset=utf-8", CacheOther, ClassOther},
		{"form.pdf", "application/pdf", CacheOther, ClassOther},
		{"data/api.json", "application/json; charset=utf-8", CacheOther, ClassOther},
		{".well-known/security.txt", "text/plain; charset=utf-8", CacheOther, ClassOther},
		{".well-known/apple-app-site-association", "application/json; charset=utf-8", CacheOther, ClassOther},
		{"download", "application/octet-stream", CacheOther, ClassOther},
		{"assets/site.css", "text/css; charset=utf-8", CacheAsset, ClassAsset},
		{"assets/a0-3f9c2b71aa04.woff2", "font/woff2", CacheHashed, ClassAsset},
		{"assets/main.3f9c2b71.js", "text/javascript; charset=utf-8", CacheHashed, ClassAsset},
		{"assets/main.3f9c2b71.js.map", "application/json; charset=utf-8", CacheHashed, ClassAsset},
		{"assets/index-BxK3a9_z.js", "text/javascript; charset=utf-8", CacheHashed, ClassAsset},
		{"_next/static/chunks/main.js", "text/javascript; charset=utf-8", CacheHashed, ClassAsset},
		{"3f9c2b71aa04de1f.avif", "image/avif", CacheAsset, ClassAsset}, // may be an id
		// A wrong yes would pin an old picture in browsers for a year.
		{"img/DSC01234.jpg", "image/jpeg", CacheAsset, ClassAsset},
		{"img/photo-DSC01234.jpg", "image/jpeg", CacheAsset, ClassAsset},
		{"img/event-20261121.png", "image/png", CacheAsset, ClassAsset},
		{"css/site-homepage.css", "text/css; charset=utf-8", CacheAsset, ClassAsset},
		{"img/map.SVG", "image/svg+xml; charset=utf-8", CacheAsset, ClassAsset},
	} {
		h, err := rules.HeadersFor(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Get("content-type"); got != c.contentType {
			t.Errorf("%s: content-type %q, want %q", c.path, got, c.contentType)
		}
		if got := h.Get("cache-control"); got != c.cache {
			t.Errorf("%s: cache-control %q, want %q", c.path, got, c.cache)
		}
		if got := Classify(c.path); got != c.class {
			t.Errorf("%s: %s, want %s", c.path, got, c.class)
		}
	}
}

func TestLaterHeaderRulesWin(t *testing.T) {
	rules, err := Rules{Headers: []HeaderRule{
		{Match: "**/*.pdf", Set: map[string]string{"Cache-Control": "no-store", "Content-Disposition": "attachment"}},
		{Match: "/forms/**", Set: map[string]string{"cache-control": "public, max-age=60", "x-amz-meta-owner": "forms"}},
		{Match: "forms/secret.pdf", Set: map[string]string{"content-disposition": ""}},
	}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]store.Headers{
		"a.pdf":            "cache-control: no-store\ncontent-disposition: attachment\ncontent-type: application/pdf\n",
		"forms/a.pdf":      "cache-control: public, max-age=60\ncontent-disposition: attachment\ncontent-type: application/pdf\nx-amz-meta-owner: forms\n",
		"forms/secret.pdf": "cache-control: public, max-age=60\ncontent-type: application/pdf\nx-amz-meta-owner: forms\n",
	} {
		if got, err := rules.HeadersFor(path); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestBadHeaderRulesAreRefused(t *testing.T) {
	for name, rule := range map[string]HeaderRule{
		"a pattern is empty":                {Match: "", Set: nil},
		"set it at the CDN":                 {Match: "**", Set: map[string]string{"x-frame-options": "DENY"}},
		"has a line break":                  {Match: "**", Set: map[string]string{"cache-control": "a\r\nSet-Cookie: b"}},
		"header name \"x-amz-meta-a b\" is": {Match: "**", Set: map[string]string{"x-amz-meta-a b": "1"}},
	} {
		if _, err := (Rules{Headers: []HeaderRule{rule}}).Compile(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v, want it to say %q", rule, err, name)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"*.html", "a.html", true},
		{"*.html", "b/a.html", false},
		{"**/*.html", "a.html", true},
		{"**/*.html", "b/c/a.html", true},
		{"/b/**", "b/c/a.html", true},
		{"b/*/a.html", "b/c/d/a.html", false},
		{"a?c.txt", "abc.txt", true},
		{"a?c.txt", "a/c.txt", false},
		{"a.c", "abc", false},
		{"caf\u00e9/*", "caf\u00e9/menu", true},
		{"[a]", "[a]", true},
	} {
		re, err := Glob(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := re.MatchString(c.path); got != c.want {
			t.Errorf("Glob(%q) on %q = %v", c.pattern, c.path, got)
		}
	}
}

func TestTextFilesAreCompressedWhereARuleSaysSo(t *testing.T) {
	rules, err := Rules{
		Headers: []HeaderRule{{Match: "made/*.css", Set: map[string]string{"content-encoding": "br"}}},
		Compress: []CompressRule{
			{Match: "**", Encoding: "gzip"},
			{Match: "plain/**", Encoding: "none"},
			{Match: "plain/but.html", Encoding: "gzip"},
		},
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"index.html": "gzip", "a.css": "gzip", "a.js": "gzip", "a.json": "gzip", "a.svg": "gzip", "feed.rss": "gzip", "sitemap.xml": "gzip",
		"a.webmanifest": "gzip", "favicon.ico": "gzip", "a.ttf": "gzip", "a.wasm": "gzip",
		"a.png": "", "a.woff2": "", "a.pdf": "", "a.zip": "", "a.gz": "", "a.mp4": "", "download": "",
		"plain/a.html": "", "plain/but.html": "gzip",
		"made/site.css": "", // compressed by the build
	} {
		if got, err := rules.EncodingFor(path); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
	if got, err := mustCompile(t, Rules{}).EncodingFor("index.html"); got != "" || err != nil {
		t.Errorf("without a rule: %q, %v", got, err)
	}
}

func mustCompile(t *testing.T, r Rules) Rules {
	t.Helper()
	r, err := r.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRulesAreReadStrictly(t *testing.T) {
	r, err := ParseRules([]byte(`{"headers": [{"match": "*.pdf", "set": {"cache-control": "no-store"}}], "compress": [{"match": "**", "encoding": "gzip"}]}`))
	if err != nil || len(r.Headers) != 1 || len(r.Compress) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	for text, want := range map[string]string{
		`{"compress": [{"match": "**", "encoding": "br"}]}`:   `compress rule 1 (**): the encoding "br" is not known: expected gzip or none`,
		`{"compress": [{"match": "", "encoding": "gzip"}]}`:   "compress rule 1: a pattern is empty",
		`{"compress": [{"match": "**"}]}`:                     `the encoding "" is not known`,
		`{"gzip": ["**"]}`:                                    `unknown field "gzip"`,
		`{"headers": [{"match": "**", "set": {"x-a": "1"}}]}`: "can't be kept with a stored file",
		`{} {}`: "there is more after the rules' end",
		``:      "EOF",
	} {
		if _, err := ParseRules([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to say %q", text, err, want)
		}
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte(`{"headers": [{"match": "**/*.pdf", "set": {"cache-control": "no-store"}}], "compress": [{"match": "**", "encoding": "gzip"}]}`), "a.html")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		rules, err := ParseRules(text)
		if err != nil {
			return
		}
		compiled, err := rules.Compile()
		if err != nil {
			t.Fatalf("read, and not fit for use: %v", err)
		}
		if _, err := compiled.EncodingFor(name); err != nil {
			t.Fatal(err)
		}
	})
}
