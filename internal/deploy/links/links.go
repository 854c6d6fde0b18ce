package links

import (
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/weburl"
)

// Link is a dead link: a reference from a page to a file of the same site that the build
// does not have.
type Link struct {
	Page   string
	Target string // as it is written in the page
	Asset  bool   // the page loads the file (src, a stylesheet)
	place  sitePath
}

// longestShown is the most bytes of a target in a Link.
const longestShown = 200

func newLink(page string, r reference, place sitePath) Link {
	target := weburl.Trim(r.target)
	if len(target) > longestShown {
		target = target[:longestShown] + "..."
	}
	return Link{Page: page, Target: strings.ToValidUTF8(target, "\uFFFD"), Asset: r.use == subresource, place: place}
}

// Broken is the violation for many dead links of changed pages: a part of the site was not
// built. A few are usual, and don't stop a release. checked is the number of changed pages.
func Broken(links []Link, checked int, limits guard.Limits) []guard.Violation {
	examples := firstOfPages(links)
	assets := 0
	for _, l := range links {
		if l.Asset {
			assets++
		}
	}
	share := limits.BrokenShare()
	if len(examples) <= 5 || float64(len(examples)) <= share*float64(checked) {
		return nil
	}
	return []guard.Violation{{
		Name: guard.BrokenLinks,
		Detail: fmt.Sprintf("%d of %d changed pages name files that the build does not have (%d links, %d of them to what a page loads; limit: %.0f %% of the pages)",
			len(examples), checked, len(links), assets, share*100),
		Paths: examples[:min(len(examples), guard.MaxPaths)],
	}}
}
