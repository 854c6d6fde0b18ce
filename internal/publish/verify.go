package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Look says what the public has to see of a release that was deployed.
type Look struct {
	URL  string // the site's public address
	Site string
	// Release and Sequence are the deploy's.
	Release, Sequence int64
	Sample            []verify.Expectation // Report.Sample; none to look at the marker alone
	// CDNPending tells that the CDN is known to show what was replaced: then the
	// sample is not looked at, and the marker may be the old one.
	CDNPending bool
	// Limit is how long to look, Interval the pause between looks.
	Limit, Interval time.Duration
	// Progress, if set, hears what is still missing after each look.
	Progress func(why string)
}

// Sight is what the public sees of a release that is live at its origin.
type Sight struct {
	verify.Seen
	// Stale is what caches show in the release's place; empty when all that was
	// looked at is as deployed.
	Stale []verify.Finding
}

// Verify looks at a release through the site's public address. Without its marker
// the release is not taken for live (a *verify.NotSeenError): a CDN may point to
// another origin. With the marker seen, or a CDN that is known to be pending, the
// rest is a cache's: the release is live at the origin, edge pending.
func Verify(ctx context.Context, l Look) (Sight, error) {
	o := l.options()
	if l.CDNPending {
		o.Sample = nil // they are known to be stale
	}
	seen, err := verify.Run(ctx, o)
	missing, ok := errors.AsType[*verify.NotSeenError](err)
	if !ok {
		return Sight{Seen: seen}, err
	}
	first := missing.Findings[0]
	if isMarker(first) && (!l.CDNPending || first.Mismatch != verify.MismatchOldRelease) {
		return Sight{Seen: seen}, err
	}
	return Sight{Seen: seen, Stale: missing.Findings}, nil
}

// MarkerSeen looks once, and only at the release's marker.
func MarkerSeen(ctx context.Context, l Look) bool {
	l.Sample, l.Limit = nil, time.Nanosecond
	_, err := verify.Run(ctx, l.options())
	return err == nil
}

func (l Look) options() verify.Options {
	return verify.Options{
		URL: l.URL, Site: l.Site, Release: l.Release, Sequence: l.Sequence, Sample: l.Sample,
		Limit: max(l.Limit, time.Nanosecond), Interval: l.Interval, Progress: l.Progress,
	}
}

func isMarker(f verify.Finding) bool { return strings.HasSuffix(f.URL, "/"+manifest.MarkerPath) }

// StalePages says which pages caches show in place of those of l's release, as a
// sentence; "" when they are as deployed, or were not looked at.
func (s Sight) StalePages(l Look) string {
	if len(s.Stale) == 0 || isMarker(s.Stale[0]) {
		return ""
	}
	share := "not all"
	if len(s.Stale) >= len(l.Sample) {
		share = "none"
	}
	pages := "1 changed page"
	if n := len(l.Sample); n != 1 {
		pages = fmt.Sprintf("%d changed pages", n)
	}
	return fmt.Sprintf("%s shows release %d, but %s of %s as they were deployed: %s", l.URL, l.Release, share, pages, s.Stale[0].Detail)
}
