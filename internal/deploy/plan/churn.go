package plan

import (
	"bytes"
	"regexp"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// Cause is why a page's bytes differ from the last release's.
type Cause string

// The causes, the more telling first.
const (
	CauseAssets  Cause = "asset names" // the page names an asset whose content, and so its name, changed
	CauseStamps  Cause = "stamps"      // dates, times, build numbers, random ids
	CauseSpace   Cause = "white space"
	CauseContent Cause = "content"
)

// Churn tells why most pages of a release changed: a build that writes the time
// into each page makes every deploy a full one.
type Churn struct {
	Changed int           `json:"changed"` // pages whose content changed
	Pages   int           `json:"pages"`
	Sampled int           `json:"sampled"`
	Causes  map[Cause]int `json:"causes"`            // of the sampled pages
	Example string        `json:"example,omitempty"` // a page that changed for the most frequent cause but content
}

// ChurnSample is how many pages are looked at.
const ChurnSample = 12

// ChurnPages are the pages to look at: a spread sample of those that changed, and
// none when that is less than half of the site, or few.
func (p *Plan) ChurnPages() (sample []manifest.Entry, changed, pages int) {
	var all []manifest.Entry
	for _, phase := range p.Phases {
		for _, w := range phase.Writes {
			if e := p.Next.Entries[w.Index]; w.Reason == ReasonContent && rules.IsPage(e.Path) {
				all = append(all, e)
			}
		}
	}
	pages = p.Next.Pages()
	if len(all) < 2*ChurnSample || len(all)*2 < pages {
		return nil, len(all), pages
	}
	for i := range ChurnSample {
		sample = append(sample, all[i*len(all)/ChurnSample])
	}
	return sample, len(all), pages
}

var (
	assetName = regexp.MustCompile(`[-._/][0-9A-Za-z_-]{8,}(\.(css|js|mjs|woff2?|png|jpe?g|svg|webp|avif|gif))`)
	space     = regexp.MustCompile(`\s+`)
	stamps    = []*regexp.Regexp{
		regexp.MustCompile(`\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?`),
		regexp.MustCompile(`(?i)((mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(\d{1,2} )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,4}(,? \d{4})?`),
		regexp.MustCompile(`\b\d{1,2}:\d\d(:\d\d)?\b`),
		regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`),
		regexp.MustCompile(`\b[0-9a-f]{7,64}\b`),
		regexp.MustCompile(`\b\d{5,}\b`),
		regexp.MustCompile(`nonce=["'][^"']*["']`),
	}
)

// CauseOf compares two versions of a page.
func CauseOf(before, after []byte) Cause {
	if same(before, after, func(b []byte) []byte { return space.ReplaceAll(b, []byte(" ")) }) {
		return CauseSpace
	}
	assets := func(b []byte) []byte { return assetName.ReplaceAll(b, []byte("$1")) }
	if same(before, after, assets) {
		return CauseAssets
	}
	if same(before, after, func(b []byte) []byte {
		b = assets(b)
		for _, stamp := range stamps {
			b = stamp.ReplaceAll(b, []byte("*"))
		}
		return b
	}) {
		return CauseStamps
	}
	return CauseContent
}

func same(a, b []byte, mask func([]byte) []byte) bool { return bytes.Equal(mask(a), mask(b)) }
