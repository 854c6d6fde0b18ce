package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Options are the expected release and the bounds of a Run.
type Options struct {
	URL  string // the site's public address
	Site string // "" for any
	// Release is the number of the expected release. Sequence is that of its deploy, by which
	// a later deploy is recognised; with 0 any other release is a mismatch.
	Release  int64
	Sequence int64
	Sample   []Expectation
	// Limit is the time for all tries (default two minutes), Interval the pause between tries
	// (default two seconds).
	Limit, Interval time.Duration
	// Progress, if set, is called after each try with what is still missing.
	Progress func(string)
	Client   *http.Client // default one with a time limit of 20 s a request
}

// Result is the result of Run.
type Result struct {
	Marker  manifest.Marker `json:"marker"`
	Looks   int             `json:"looks"`
	Checked int             `json:"checked"` // pages of the sample that were as expected
	// Superseded says that a later deploy of the site is live. The sample, which it may have
	// changed, was then not checked.
	Superseded bool    `json:"superseded,omitempty"`
	Seconds    float64 `json:"seconds"`
}

// Mismatch is a kind of difference between an answer and the expectation.
type Mismatch string

// The kinds of mismatch.
const (
	MismatchUnreachable Mismatch = "unreachable"  // no answer, or a server's error
	MismatchNotFound    Mismatch = "not-found"    // nothing there
	MismatchNoMarker    Mismatch = "no-marker"    // an answer that is no release's marker
	MismatchOtherSite   Mismatch = "other-site"   // another site's marker: a wrong origin
	MismatchOldRelease  Mismatch = "old-release"  // another release of the site, usually the one before
	MismatchContent     Mismatch = "content"      // a page with other content
	MismatchHeaders     Mismatch = "headers"      // a page with other headers
	MismatchStillThere  Mismatch = "still-there"  // a page that the release deleted
	MismatchRedirected  Mismatch = "redirected"   // redirected to another host
	MismatchRefused     Mismatch = "refused"      // 401 or 403: a login, a firewall, a private bucket
	MismatchOther       Mismatch = "other-status" // any other status
)

// Finding is a mismatch at one address.
type Finding struct {
	Mismatch Mismatch `json:"mismatch"`
	URL      string   `json:"url"`
	Detail   string   `json:"detail"` // a sentence
}

// NotSeenError says that a release could not be seen through the public address.
type NotSeenError struct {
	Release  int64
	After    time.Duration
	Findings []Finding // of the last try; never empty
}

// Error has the first finding.
func (e *NotSeenError) Error() string {
	text := fmt.Sprintf("release %d can't be seen after %s: %s", e.Release, e.After.Round(time.Second), e.Findings[0].Detail)
	if more := len(e.Findings) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

func (o Options) orDefault() Options {
	if o.Limit <= 0 {
		o.Limit = 2 * time.Minute
	}
	if o.Interval <= 0 {
		o.Interval = 2 * time.Second
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 20 * time.Second}
	}
	return o
}

// Run reads a site through its public address until the marker and every page of the sample
// are as expected. A *NotSeenError says that the limit is over. It reads pages through all
// caches, as visitors do, and the marker past them.
func Run(ctx context.Context, o Options) (Result, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" {
		return Result{}, fmt.Errorf("the public address %q is not a URL like https://www.example.org", o.URL)
	}
	o = o.orDefault()
	began := time.Now()
	var seen Result
	left := o.Sample
	for {
		seen.Looks++
		var findings []Finding
		findings, left = attempt(ctx, o, left, &seen)
		seen.Checked, seen.Seconds = len(o.Sample)-len(left), time.Since(began).Seconds()
		if len(findings) == 0 {
			return seen, nil
		}
		if ctx.Err() != nil {
			return seen, context.Cause(ctx)
		}
		if time.Since(began)+o.Interval > o.Limit {
			return seen, &NotSeenError{Release: o.Release, After: time.Since(began), Findings: findings}
		}
		if o.Progress != nil {
			o.Progress(findings[0].Detail)
		}
		select {
		case <-ctx.Done():
			return seen, context.Cause(ctx)
		case <-time.After(o.Interval):
		}
	}
}

// attempt reads the marker and, if that is right, the pages of the sample. It returns the
// mismatches, and the pages to read again.
func attempt(ctx context.Context, o Options, sample []Expectation, seen *Result) ([]Finding, []Expectation) {
	marker, finding := readMarker(ctx, o)
	seen.Marker = marker
	if finding != nil {
		return []Finding{*finding}, sample
	}
	seen.Superseded = isLater(marker, o)
	if seen.Superseded {
		return nil, sample
	}
	return readSample(ctx, o, sample)
}

// isLater says whether a marker is of a deploy after the expected one.
func isLater(m manifest.Marker, o Options) bool { return o.Sequence > 0 && m.Sequence > o.Sequence }

// isOther says whether a marker is of another deploy than the expected one.
func isOther(m manifest.Marker, o Options) bool {
	if o.Sequence > 0 {
		return m.Sequence < o.Sequence
	}
	return m.Release != o.Release
}

func readMarker(ctx context.Context, o Options) (manifest.Marker, *Finding) {
	m, cached, finding := fetchMarker(ctx, o.Client, o.URL, o.Site)
	if finding == nil && isOther(m, o) {
		address := markerAddress(o.URL)
		return m, &Finding{MismatchOldRelease, address, fmt.Sprintf("%s shows release %d, deployed %s%s", address, m.Release, m.At.UTC().Format(time.RFC3339), cached)}
	}
	return m, finding
}

// Marker reads the site's marker at a public address once, of any release. The finding, if
// not nil, says why there is none.
func Marker(ctx context.Context, client *http.Client, publicURL, site string) (manifest.Marker, *Finding) {
	m, _, finding := fetchMarker(ctx, client, publicURL, site)
	return m, finding
}

func markerAddress(publicURL string) string {
	return strings.TrimRight(publicURL, "/") + "/" + manifest.MarkerPath
}

// fetchMarker reads a site's marker; cached is its age in a cache, in words.
func fetchMarker(ctx context.Context, client *http.Client, publicURL, site string) (m manifest.Marker, cached string, _ *Finding) {
	address := markerAddress(publicURL)
	got, err := get(ctx, client, address, true)
	if finding := judgeStatus(address, got, err); finding != nil {
		return m, "", finding
	}
	if err := json.Unmarshal(got.body, &m); err != nil || (m.Site == "" && m.Release == 0 && m.Sequence == 0) {
		return manifest.Marker{}, "", &Finding{MismatchNoMarker, address, fmt.Sprintf(
			"%s does not answer with a release's marker (%s): the address leads to another site, or an error page is sent with status 200", address, got.kind())}
	}
	if site != "" && m.Site != site {
		return m, "", &Finding{MismatchOtherSite, address, fmt.Sprintf(
			"%s shows the site %q (release %d) and not %q: the CDN or the name points to another origin", address, short(m.Site), m.Release, site)}
	}
	return m, got.cached(), nil
}

// judgeStatus is the finding for an answer's status and host; nil for none.
func judgeStatus(address string, got answer, err error) *Finding {
	if err != nil {
		return &Finding{MismatchUnreachable, address, fmt.Sprintf("%s can't be read: %v", address, urlpath.HideURL(err))}
	}
	if got.redirectedTo != "" {
		return &Finding{MismatchRedirected, address, fmt.Sprintf("%s redirects to another host, %s", address, got.redirectedTo)}
	}
	switch {
	case got.status == http.StatusOK:
		return nil
	case got.status == http.StatusNotFound || got.status == http.StatusGone:
		return &Finding{MismatchNotFound, address, fmt.Sprintf("%s answers %d: not found%s", address, got.status, got.cached())}
	case got.status == http.StatusUnauthorized || got.status == http.StatusForbidden:
		return &Finding{MismatchRefused, address, fmt.Sprintf("%s answers %d: a login, a firewall, or an origin that may not be read (S3 says 403 for a missing file where listing is not allowed)", address, got.status)}
	case got.status >= 500:
		return &Finding{MismatchUnreachable, address, fmt.Sprintf("%s answers %d %s", address, got.status, http.StatusText(got.status))}
	}
	return &Finding{MismatchOther, address, fmt.Sprintf("%s answers %d %s", address, got.status, http.StatusText(got.status))}
}

// errTooLarge says that a page is larger than maxPage.
var errTooLarge = errors.New("it is larger than 64 MiB, the limit of this check")
