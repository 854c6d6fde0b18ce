package cdn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Purger purges one CDN. It is safe for concurrent use.
type Purger interface {
	// Name is the CDN and the part of it, without secrets: "cloudfront:E123".
	Name() string
	Limits() Limits
	// Purge purges a set. The same set again is the same purge, so a caller who doesn't
	// know whether it succeeded may repeat it. An error is a *PendingError whose receipt
	// says what the CDN has taken.
	Purge(ctx context.Context, set Set) (Receipt, error)
	// Wait returns when no purge of a receipt is in progress any more.
	Wait(ctx context.Context, receipt Receipt) error
}

// Set is what to purge from a CDN. The zero value is nothing.
type Set struct {
	Site     string `json:"site,omitempty"`
	Release  int64  `json:"release,omitempty"`
	Sequence int64  `json:"sequence,omitempty"` // of the deploy: a rollback has the release's number, but its own sequence
	// Once makes a purge that a person requested differ from an earlier one of the same
	// deploy: else a CDN would take it for a repetition.
	Once string `json:"once,omitempty"`

	All  bool     `json:"all,omitempty"` // everything of the site; the rest is then empty
	Tags []string `json:"tags,omitempty"`
	// Paths are addresses below the site's host, not percent-encoded: "/a/".
	Paths []string `json:"paths,omitempty"`
	// Prefixes are starts of addresses, likewise: "/news/" is everything below.
	Prefixes []string `json:"prefixes,omitempty"`
}

// Empty says whether there is nothing to purge.
func (s Set) Empty() bool { return s.Units() == 0 }

// Units is the number of billed units: each tag, path and prefix is one, and so is
// everything (CloudFront Developer Guide, "Paying for invalidation").
func (s Set) Units() int {
	if s.All {
		return 1
	}
	return len(s.Tags) + len(s.Paths) + len(s.Prefixes)
}

// reference identifies items of a deploy's purge, in at most 110 ASCII characters.
func (s Set) reference(items []item) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %d %q\n", s.Site, s.Release, s.Sequence, s.Once)
	for _, i := range items {
		fmt.Fprintf(h, "%d %q\n", i.kind, i.value)
	}
	site := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, s.Site)
	return fmt.Sprintf("pressrun-%s-%d-%d-%s", site[:min(len(site), 40)], s.Release, s.Sequence, hex.EncodeToString(h.Sum(nil)[:8]))
}

type kind uint8

const (
	kindAll kind = iota
	kindTag
	kindPath
	kindPrefix
)

// item is a tag, path or prefix to purge, or everything.
type item struct {
	kind  kind
	value string
}

// items are the set's items in the order of sending. Tags come first: each purges the most
// objects.
func (s Set) items() []item {
	if s.All {
		return []item{{kind: kindAll}}
	}
	out := make([]item, 0, s.Units())
	for _, l := range []struct {
		kind   kind
		values []string
	}{{kindTag, s.Tags}, {kindPath, s.Paths}, {kindPrefix, s.Prefixes}} {
		for _, v := range l.values {
			out = append(out, item{l.kind, v})
		}
	}
	return out
}

// with is a set of the same deploy with these items.
func (s Set) with(items []item) Set {
	s.All, s.Tags, s.Paths, s.Prefixes = false, nil, nil, nil
	for _, i := range items {
		switch i.kind {
		case kindAll:
			s.All = true
		case kindTag:
			s.Tags = append(s.Tags, i.value)
		case kindPath:
			s.Paths = append(s.Paths, i.value)
		case kindPrefix:
			s.Prefixes = append(s.Prefixes, i.value)
		}
	}
	return s
}

// values are the values of a kind.
func values(items []item, k kind) []string {
	var out []string
	for _, i := range items {
		if i.kind == k {
			out = append(out, i.value)
		}
	}
	return out
}

// callLimits bound the items in one call of a CDN's API.
type callLimits struct {
	total, prefixes int
	mixed           bool // one call may hold several kinds
	folders         bool // the CDN can purge a folder by prefix
}

// batches splits items into calls. A tail that begins where a batch began is split the
// same way, so that a resumed purge has the same references.
func (r callLimits) batches(items []item) [][]item {
	var out [][]item
	start, prefixes := 0, 0
	for n, i := range items {
		full := n-start == r.total || (i.kind == kindPrefix && r.prefixes > 0 && prefixes == r.prefixes)
		if n > start && (full || (!r.mixed && i.kind != items[start].kind)) {
			out = append(out, items[start:n])
			start, prefixes = n, 0
		}
		if i.kind == kindPrefix {
			prefixes++
		}
	}
	if start < len(items) {
		out = append(out, items[start:])
	}
	return out
}

// Receipt is the progress of a purge. It is stored as JSON: a later process can resume it.
type Receipt struct {
	CDN string `json:"cdn"` // the purger's name
	Set Set    `json:"set"` // the whole set to purge
	// Left are the items that the CDN has not taken yet.
	Left Set `json:"left,omitzero"`
	// Open are the CDN's ids of purges that it has taken and may not have finished.
	Open []string `json:"open,omitempty"`
	// Refused are items that the CDN refused: the folder of each, or everything, was purged
	// instead.
	Refused []string `json:"refused,omitempty"`
}

// PendingError says that a release is live at its origin while a CDN may still serve the
// content before. It does not fail the release.
type PendingError struct {
	Receipt Receipt
	Err     error
}

// Error says what failed and what to do.
func (e *PendingError) Error() string {
	advice := "pressrun invalidate --resume finishes it"
	if _, ok := errors.AsType[*refusedError](e.Err); ok {
		advice = "another try is refused too, until that is fixed at the CDN"
	}
	return fmt.Sprintf("live at the origin, but %s may still serve what was replaced: %v (%s)", e.Receipt.CDN, e.Err, advice)
}

// Unwrap gives the cause.
func (e *PendingError) Unwrap() error { return e.Err }

func pending(r Receipt, err error) error {
	if err == nil {
		return nil
	}
	return &PendingError{Receipt: r, Err: err}
}

// resume carries a purge out from its receipt on: it sends the items in Left and waits for
// the purges in Open.
func resume(ctx context.Context, p Purger, r Receipt) (Receipt, error) {
	if r.CDN != p.Name() {
		return r, pending(r, fmt.Errorf("the receipt is of %s, and the CDN that is set up is %s", r.CDN, p.Name()))
	}
	if !r.Left.Empty() {
		sent, err := p.Purge(ctx, r.Left)
		r.Left = sent.Left
		r.Refused = append(r.Refused, sent.Refused...)
		for _, id := range sent.Open {
			if !slices.Contains(r.Open, id) {
				r.Open = append(r.Open, id)
			}
		}
		if err != nil {
			return r, pending(r, cause(err))
		}
	}
	if len(r.Open) > 0 {
		if err := p.Wait(ctx, r); err != nil {
			return r, pending(r, cause(err))
		}
		r.Open = nil
	}
	return r, nil
}

// cause unwraps a PendingError, so that it isn't wrapped in another.
func cause(err error) error {
	if p, ok := err.(*PendingError); ok { //nolint:errorlint // only the outermost is unwrapped
		return p.Err
	}
	return err
}
