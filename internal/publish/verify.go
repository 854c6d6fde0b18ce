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

// VerifyOptions are the expected release and the bounds of a Verify.
type VerifyOptions struct {
	URL  string // the site's public address
	Site string
	// Release and Sequence are the deploy's.
	Release, Sequence int64
	Sample            []verify.Expectation // Report.Sample; none to read the marker alone
	// CDNPending says that the purge is incomplete: then the sample is not read, and the
	// marker may be the old one.
	CDNPending bool
	// Limit is the time for all tries, Interval the pause between tries.
	Limit, Interval time.Duration
	// Progress, if set, is called after each try with what is still missing.
	Progress func(why string)
}

// VerifyResult is the public state of a release that is live at its origin.
type VerifyResult struct {
	verify.Result
	// Stale are the pages that caches show in an older version.
	Stale []verify.Finding
}

// Verify reads a release through the site's public address. Without its marker the release
// is not live (a *verify.NotSeenError): a CDN may point to another origin. With the marker,
// or with CDNPending, other mismatches come from caches: the release is live at the origin,
// edge pending.
func Verify(ctx context.Context, l VerifyOptions) (VerifyResult, error) {
	o := l.options()
	if l.CDNPending {
		o.Sample = nil // its pages may be stale
	}
	seen, err := verify.Run(ctx, o)
	missing, ok := errors.AsType[*verify.NotSeenError](err)
	if !ok {
		return VerifyResult{Result: seen}, err
	}
	first := missing.Findings[0]
	if isMarker(first) && (!l.CDNPending || first.Mismatch != verify.MismatchOldRelease) {
		return VerifyResult{Result: seen}, err
	}
	return VerifyResult{Result: seen, Stale: missing.Findings}, nil
}

// MarkerSeen reads the release's marker once.
func MarkerSeen(ctx context.Context, l VerifyOptions) bool {
	l.Sample, l.Limit = nil, time.Nanosecond
	_, err := verify.Run(ctx, l.options())
	return err == nil
}

func (l VerifyOptions) options() verify.Options {
	return verify.Options{
		URL: l.URL, Site: l.Site, Release: l.Release, Sequence: l.Sequence, Sample: l.Sample,
		Limit: max(l.Limit, time.Nanosecond), Interval: l.Interval, Progress: l.Progress,
	}
}

func isMarker(f verify.Finding) bool { return strings.HasSuffix(f.URL, "/"+manifest.MarkerPath) }

// StalePages is a sentence on the pages that caches show in an older version; "" for none,
// and if the sample was not read.
func (s VerifyResult) StalePages(l VerifyOptions) string {
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
