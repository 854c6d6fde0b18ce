package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/text"
)

// Expectation is the expected content of a file's address.
type Expectation struct {
	Path string `json:"path"` // of the file: "news/index.html"
	// SHA256 is the hash of the decoded body, in hexadecimal; "" for any. A CDN that changes
	// pages (minifies, hides mail addresses) changes it.
	SHA256  string            `json:"sha256,omitempty"`
	Headers map[string]string `json:"headers,omitempty"` // "" for a header that must not be there
	Gone    bool              `json:"gone,omitempty"`    // the page must not be there any more
}

// Sample picks at most n expectations from a release's changes: entry pages first, then
// others spread evenly over the site. It is the same for the same release. It leaves out
// redirects, and files that the build compressed itself: the manifest has only the hash of
// their compressed bytes.
func Sample(changes []plan.Change, live *manifest.Manifest, n int) []Expectation {
	var entries, pages, gone []Expectation
	for _, c := range changes {
		e, isLive := live.Find(c.Path)
		switch {
		case isLive && (e.Headers.Get(rules.EncodingHeader) != "" && !e.Compressed() || redirect.IsRedirect(e.Headers)):
		case isLive && rules.Classify(c.Path) == rules.ClassEntry:
			entries = append(entries, Expectation{Path: c.Path, SHA256: e.Built().Sum.String()})
		case isLive && rules.IsPage(c.Path):
			pages = append(pages, Expectation{Path: c.Path, SHA256: e.Built().Sum.String()})
		case !isLive && c.Reason == plan.ReasonGone && rules.IsPage(c.Path):
			gone = append(gone, Expectation{Path: c.Path, Gone: true})
		}
	}
	out := spread(entries, n/4+1)
	out = append(out, spread(gone, min(len(gone), n/5+1))...)
	out = append(out, spread(pages, n-len(out))...)
	return out[:min(n, len(out))]
}

// spread picks n of a list, evenly.
func spread(list []Expectation, n int) []Expectation {
	if n <= 0 {
		return nil
	}
	if len(list) <= n {
		return list
	}
	out := make([]Expectation, 0, n)
	for i := range n {
		out = append(out, list[i*len(list)/n])
	}
	return out
}

const (
	readsAtOnce = 8
	maxPage     = 64 << 20
)

// readSample reads pages and returns the mismatches, and the pages to read again.
func readSample(ctx context.Context, o Options, sample []Expectation) ([]Finding, []Expectation) {
	found := make([]*Finding, len(sample))
	var group errgroup.Group
	group.SetLimit(readsAtOnce)
	for i, e := range sample {
		group.Go(func() error {
			found[i] = check(ctx, o, e)
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
	var findings []Finding
	var again []Expectation
	for i, f := range found {
		if f != nil {
			findings, again = append(findings, *f), append(again, sample[i])
		}
	}
	return findings, again
}

// check reads a page at its possible addresses: an index page at its folder, as visitors
// open it, and at the file, for origins without index pages. One of them must show it; a
// deleted page must be at none.
func check(ctx context.Context, o Options, e Expectation) *Finding {
	site := strings.TrimRight(o.URL, "/")
	all := []string{"/" + e.Path}
	if dir, ok := strings.CutSuffix("/"+e.Path, "/index.html"); ok {
		all = []string{dir + "/", "/" + e.Path}
	}
	var first *Finding
	for _, path := range all {
		address := site + urlpath.Encode(path)
		got, err := get(ctx, o.Client, address, false)
		if e.Gone {
			if err == nil && got.status == http.StatusOK && got.redirectedTo == "" {
				return &Finding{MismatchStillThere, address, fmt.Sprintf("%s is still there, though the release deleted it%s", address, got.cached())}
			}
			continue
		}
		finding := judgeStatus(address, got, err)
		if finding == nil {
			return judgePage(address, got, e)
		}
		if first == nil {
			first = finding
		}
	}
	return first
}

func judgePage(address string, got answer, e Expectation) *Finding {
	if sum := got.sum(); e.SHA256 != "" && sum != e.SHA256 {
		return &Finding{MismatchContent, address, fmt.Sprintf("%s shows other content (SHA-256 %.12s..., %d bytes, %s; expected %.12s...)%s",
			address, sum, len(got.body), got.kind(), e.SHA256, got.cached())}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		if value := got.header.Get(name); !sameHeader(name, value, e.Headers[name]) {
			return &Finding{MismatchHeaders, address, fmt.Sprintf("%s has %s %q and not %q%s", address, name, short(value), e.Headers[name], got.cached())}
		}
	}
	return nil
}

// sameHeader compares two values of a header. Of a content type only the type
// counts: servers write its parameters in several ways.
func sameHeader(name, a, b string) bool {
	if !strings.EqualFold(name, "content-type") {
		return a == b
	}
	a, _, _ = strings.Cut(a, ";")
	b, _, _ = strings.Cut(b, ";")
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// answer is the answer to a request.
type answer struct {
	status       int
	header       http.Header
	body         []byte
	redirectedTo string // the host of a redirect to another host; "" for none
}

// get reads an address and follows redirects. An answer from another host, but for a "www."
// in front, sets redirectedTo.
func get(ctx context.Context, client *http.Client, address string, fresh bool) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", "pressrun-verify")
	if fresh {
		req.Header.Set("Cache-Control", "no-cache")
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if to := resp.Request.URL; bare(to.Host) != bare(req.URL.Host) {
		a.redirectedTo = short(to.Scheme + "://" + to.Host)
		return a, nil
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	if err == nil && len(a.body) > maxPage {
		err = errTooLarge
	}
	return a, err
}

func bare(host string) string {
	host, _, _ = strings.Cut(host, ":")
	return strings.TrimPrefix(host, "www.")
}

func (a answer) sum() string {
	sum := sha256.Sum256(a.body)
	return hex.EncodeToString(sum[:])
}

// kind describes a body for people.
func (a answer) kind() string {
	kind := "no content type"
	if t := a.header.Get("Content-Type"); t != "" {
		kind = short(t)
	}
	if e := a.header.Get("Content-Encoding"); e != "" {
		kind += ", encoded as " + short(e)
	}
	return kind
}

// cached is the age of a cached copy, in words; "" if no cache reports one.
func (a answer) cached() string {
	age, err := strconv.Atoi(a.header.Get("Age"))
	if err != nil || age <= 0 {
		return ""
	}
	return fmt.Sprintf("; a cache has had this for %s", time.Duration(age)*time.Second)
}

// short makes text from outside one short line.
func short(outside string) string { return text.Shorten(text.OneLine(outside), 80) }
