package discover

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sitemap = `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="https://cms/x.xsl"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="x">
<url><loc> https://cms/a?b=1&amp;c </loc><lastmod>2026-01-01</lastmod><image:image><image:loc>https://cms/a.png</image:loc></image:image><xhtml:link rel="alternate" hreflang="de" href="https://cms/de/"/></url>
</urlset>`

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSitemapsAndTheirIndexAreRead(t *testing.T) {
	want := Sitemap{Pages: []string{"https://cms/a?b=1&c", "https://cms/a.png", "https://cms/de/"}, Modified: map[string]string{"https://cms/a?b=1&c": "2026-01-01"}, Style: "https://cms/x.xsl"}
	for name, text := range map[string][]byte{"plain": []byte(sitemap), "gzip": packed(t, sitemap)} {
		got, err := ReadSitemap(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	got, err := ReadSitemap([]byte(`<sitemapindex><sitemap><loc>https://cms/1.xml</loc></sitemap></sitemapindex>`))
	if diff := cmp.Diff([]string{"https://cms/1.xml"}, got.Sitemaps); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestWhatIsNoSitemapIsNamed(t *testing.T) {
	for _, bad := range []string{"", "<html><body>Log in", "\x1f\x8bno gzip", "<urlset><url><loc>https://cms/a</loc>", strings.Repeat("<urlset>", 30)} {
		if got, err := ReadSitemap([]byte(bad)); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestASitemapThatUnpacksWithoutEndIsStopped(t *testing.T) {
	bomb := packed(t, "<urlset>"+strings.Repeat(" ", 1<<20))
	if _, err := readSitemap(bomb, 1<<19); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%d bytes: %v", len(bomb), err)
	}
}

func TestRobots(t *testing.T) {
	for text, want := range map[string]Robots{
		"User-agent: *\nDisallow: /\n":                                        {ForbidsAll: true},
		"\ufeffUSER-AGENT : *\r\nDISALLOW : /* # staging":                     {ForbidsAll: true},
		"User-agent: a\nUser-agent: *\nDisallow: /":                           {ForbidsAll: true},
		"User-agent: bad\nDisallow: /\n\nUser-agent: *\nDisallow: /wp-admin/": {},
		"User-agent: *\nDisallow: /\nAllow: /public/":                         {},
		"User-agent: *\nDisallow:\nSitemap: https://cms/s.xml\nsitemap:/t":    {Sitemaps: []string{"https://cms/s.xml", "/t"}},
		"":                                     {},
		"Disallow: /":                          {},
		strings.Repeat("#", maxRobots) + "\nx": {Cut: true},
	} {
		if diff := cmp.Diff(want, ReadRobots([]byte(text))); diff != "" {
			t.Errorf("%.60q: %s", text, diff)
		}
	}
}

func TestWhatWordPressLists(t *testing.T) {
	kinds, err := WordPressKinds([]byte(`{"post":{"slug":"post","rest_base":"posts","rest_namespace":"wp/v2"},"wp_block":{"rest_base":"blocks"},"wp_font_face":{"rest_base":"font-families/(?P<id>[\\d]+)/font-faces"},"page":{"rest_base":"pages"}}`))
	if diff := cmp.Diff([]Kind{{"page", "wp/v2/pages"}, {"post", "wp/v2/posts"}}, kinds); diff != "" || err != nil {
		t.Error(err, diff)
	}
	entries, err := WordPressEntries([]byte(`[{"link":"https://cms/a/","modified_gmt":"2026-11-30T10:20:30"},{"link":"https://cms/?attachment_id=1","source_url":"https://cms/a.png"},{"link":"https://cms/tag/x/","count":0}]`))
	if diff := cmp.Diff([]Entry{{"https://cms/a/", "2026-11-30T10:20:30Z"}, {Address: "https://cms/a.png"}}, entries); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := WordPressEntries([]byte(`{"code":"rest_no_route"}`)); err == nil {
		t.Error("an error of the API is no list")
	}
}

func TestAWebManifest(t *testing.T) {
	got := WebManifest([]byte(`{"start_url":"/","icons":[{"src":"i.png"}],"shortcuts":[{"url":"/a"}]}`))
	if diff := cmp.Diff([]string{"/", "/a", "i.png"}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte(sitemap))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = ReadSitemap(text) })
}

func FuzzRobots(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /\nSitemap: x"))
	f.Fuzz(func(_ *testing.T, text []byte) { ReadRobots(text) })
}

func FuzzWordPress(f *testing.F) {
	f.Add([]byte(`{"post":{"rest_base":"posts"}}`))
	f.Add([]byte(`[{"link":"a"}]`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = WordPressKinds(text)
		_, _ = WordPressEntries(text)
		WebManifest(text)
	})
}
