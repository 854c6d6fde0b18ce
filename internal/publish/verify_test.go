//go:build unix

package publish_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/publish"
)

func TestLiveIsSaidOfWhatThePublicSees(t *testing.T) {
	const marker, old, other = "/pressrun-release.json", `{"site":"www","release":0,"sequence":0}`, `{"site":"staging","release":9,"sequence":9}`
	for name, c := range map[string]struct {
		stale   map[string]string // what the cache shows, by address
		pending bool              // the CDN is known not to be told
		live    bool
		pages   string // what is said of the pages
	}{
		"all as deployed":                      {live: true},
		"a stale page":                         {stale: map[string]string{"/a.html": "old"}, live: true, pages: "not all of 2 changed pages"},
		"no page as deployed":                  {stale: map[string]string{"/a.html": "old", "/index.html": "old", "/": "old"}, live: true, pages: "none of 2 changed pages"},
		"the old marker":                       {stale: map[string]string{marker: old}},
		"another site's":                       {stale: map[string]string{marker: other}},
		"the old marker of a pending CDN":      {stale: map[string]string{marker: old}, pending: true, live: true},
		"another site's behind a pending CDN":  {stale: map[string]string{marker: other}, pending: true},
		"a stale page of a CDN that is behind": {stale: map[string]string{"/a.html": "old"}, pending: true, live: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPress(t)
			p.plan.CDN, p.plan.SamplePages = nil, 10
			report := p.run()
			if len(report.Sample) != 2 || report.SampleErr != nil {
				t.Fatalf("the sample is %+v: %v", report.Sample, report.SampleErr)
			}
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if text, ok := c.stale[r.URL.Path]; ok {
					_, _ = io.WriteString(w, text)
					return
				}
				http.ServeFile(w, r, filepath.Join(p.www, filepath.FromSlash(r.URL.Path)))
			}))
			defer site.Close()
			look := publish.VerifyOptions{URL: site.URL, Site: "www", Release: report.Release, Sequence: report.Sequence, Sample: report.Sample, CDNPending: c.pending, Limit: time.Nanosecond}
			sight, err := publish.Verify(t.Context(), look)
			if _, unseen := errors.AsType[*verify.NotSeenError](err); unseen == c.live {
				t.Errorf("live: %t, %v", c.live, err)
			}
			if pages := sight.StalePages(look); !strings.Contains(pages, c.pages) || (pages == "") != (c.pages == "") {
				t.Errorf("of the pages it says %q", pages)
			}
			if seen := publish.MarkerSeen(t.Context(), look); seen != (c.stale[marker] == "") {
				t.Errorf("the marker is seen: %t", seen)
			}
		})
	}
}
