package discover

import (
	"testing"
	"time"
)

func TestWhatAStampCanMeanAtTheLatest(t *testing.T) {
	for stamp, want := range map[string]string{
		"2026-11-30T10:20:30Z":      "2026-11-30T10:20:31Z",
		"2026-11-30T10:20:30+02:00": "2026-11-30T08:20:31Z",
		"2026-11-30T10:20:30.5Z":    "2026-11-30T10:20:31.5Z",
		"2026-11-30T10:20Z":         "2026-11-30T10:21:00Z",
		"2026-11-30":                "2026-12-01T12:00:00Z", // it ends last twelve hours west
		"2026-11":                   "",
		"":                          "",
		"yesterday":                 "",
	} {
		at, ok := Latest(stamp)
		if got := at.UTC().Format(time.RFC3339Nano); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s, %t; want %q", stamp, got, ok, want)
		}
	}
}

func TestASitemapTellsWhenItsPagesChanged(t *testing.T) {
	s, err := ReadSitemap([]byte(`<urlset xmlns:i="i"><url><lastmod>2026-11-30</lastmod><loc>https://cms/a</loc><i:image><i:loc>https://cms/a.png</i:loc></i:image></url><url><loc>https://cms/b</loc></url></urlset>`))
	if err != nil || len(s.Pages) != 3 || len(s.Modified) != 1 || s.Modified["https://cms/a"] != "2026-11-30" {
		t.Errorf("%+v (%v)", s, err)
	}
	if s, err := ReadSitemap([]byte(`<sitemapindex><sitemap><loc>https://cms/1.xml</loc><lastmod>2026-11-30</lastmod></sitemap></sitemapindex>`)); err != nil || len(s.Modified) != 0 {
		t.Errorf("the stamp of a sitemap is taken for that of a page: %+v (%v)", s, err)
	}
}
