// Package listing reads a store's listing in parts at once.
package listing

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

const (
	// listParts are read at once; a page of each is on its way at any time.
	listParts = 32
	// listPage is how many keys S3 gives at once.
	listPage = Page
)

// Page is how many keys a store gives at once at most, as S3 does (API reference,
// ListObjectsV2): a shorter listing is never read in parts.
const Page = 1000

// errUnordered means that the store's listing can't be read in parts.
var errUnordered = errors.New("the store lists its keys in another order than that of their bytes")

// Listing reads a store's listing in parts at once, since each page of one only
// tells where the next begins: far away, a hundred thousand files would take a
// hundred round trips one after the other.
type Listing struct {
	Store store.Store
	// Known are keys, sorted: where they are many, the listing probably has many
	// too. It is split there, so that each part is about as long.
	Known []string
	// Whole reads the listing from its start, one page after the other: for a store of
	// which it is not known that its parts are right.
	Whole bool
	// KnownOnly leaves out stretches that no known key lies in.
	KnownOnly bool
	PerPart   int // known keys; default listPage
}

// Each calls f for every object, one at a time, in no order. A store that turns out
// to be listed in parts wrongly is listed once more from its start: f may see a key
// twice.
func (l Listing) Each(ctx context.Context, f func(store.Info) error) error {
	pager, ok := l.Store.(store.Pager)
	if !ok || l.Whole {
		return l.Store.List(ctx, "", f)
	}
	err := (&partedListing{Listing: l, pager: pager, f: f}).read(ctx)
	if errors.Is(err, errUnordered) || errors.Is(err, errors.ErrUnsupported) {
		return l.Store.List(ctx, "", f)
	}
	return err
}

// Agrees says whether the listing in parts has every key that the one from the start
// has. MinIO leaves keys out after some keys and says that there are no more. A key
// that comes or goes meanwhile is no proof: the parts are read before and after.
func (l Listing) Agrees(ctx context.Context) (bool, error) {
	pager, ok := l.Store.(store.Pager)
	if !ok {
		return true, nil
	}
	l.KnownOnly, l.PerPart = false, 1 // in as many parts as there may be
	before, err := l.inParts(ctx, pager)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return true, nil // it says so itself, each time
	case errors.Is(err, errUnordered):
		return false, nil
	case err != nil:
		return false, err
	}
	var left []string
	err = l.Store.List(ctx, "", func(info store.Info) error {
		if !before[info.Key] {
			left = append(left, info.Key)
		}
		return nil
	})
	if err != nil || len(left) == 0 {
		return err == nil, err
	}
	after, err := l.inParts(ctx, pager)
	if errors.Is(err, errUnordered) {
		return false, nil
	}
	return err == nil && !slices.ContainsFunc(left, func(key string) bool { return !after[key] }), err
}

// inParts are the keys that a listing in parts has.
func (l Listing) inParts(ctx context.Context, pager store.Pager) (map[string]bool, error) {
	keys := make(map[string]bool, len(l.Known))
	p := &partedListing{Listing: l, pager: pager, f: func(info store.Info) error { keys[info.Key] = true; return nil }}
	return keys, p.read(ctx)
}

type partedListing struct {
	Listing
	pager store.Pager
	mu    sync.Mutex // one f at a time
	f     func(store.Info) error
}

func (l *partedListing) read(ctx context.Context) error {
	end := ""
	if l.KnownOnly {
		if len(l.Known) == 0 {
			return nil
		}
		end = l.Known[len(l.Known)-1]
	}
	// Most listings are short: parts are worth their requests only after a page.
	after, more, err := l.page(ctx, "", end)
	if err != nil || !more {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, through := range append(l.split(after), end) {
		from := after
		group.Go(func() error { return l.part(ctx, from, through) })
		after = through
	}
	return group.Wait()
}

// split gives keys that cut what comes after a key into parts.
func (l *partedListing) split(after string) []string {
	i, found := slices.BinarySearch(l.Known, after)
	if found {
		i++
	}
	rest := l.Known[i:]
	parts := min(listParts, len(rest)/cmp.Or(l.PerPart, listPage)+1)
	var bounds []string
	for i := 1; i < parts; i++ {
		bounds = append(bounds, rest[i*len(rest)/parts])
	}
	return bounds
}

// part reads the keys after one and up to another; "" is no bound.
func (l *partedListing) part(ctx context.Context, after, through string) error {
	for more := true; more; {
		if after = l.skip(after); through != "" && after >= through {
			return nil
		}
		var err error
		if after, more, err = l.page(ctx, after, through); err != nil {
			return err
		}
	}
	return nil
}

// page reads one page, and tells where the next begins, if there is one.
func (l *partedListing) page(ctx context.Context, after, through string) (last string, more bool, err error) {
	page, more, err := l.pager.Page(ctx, after)
	if err != nil {
		return "", false, err
	}
	if len(page) == 0 && more {
		return "", false, errUnordered // there is no key to go on from
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, info := range page {
		if info.Key <= after {
			return "", false, errUnordered
		}
		after = info.Key
		if through != "" && info.Key > through {
			more = false // and the rest of the page is looked at for its order alone
			continue
		}
		if err := l.f(info); err != nil {
			return "", false, err
		}
	}
	return after, more && (through == "" || after < through), nil
}

// skip goes on to just before the next known key, if only those are wanted.
func (l *partedListing) skip(after string) string {
	if !l.KnownOnly {
		return after
	}
	i, found := slices.BinarySearch(l.Known, after)
	if found {
		i++
	}
	if i == len(l.Known) {
		return after
	}
	next := l.Known[i]
	_, size := utf8.DecodeLastRuneInString(next)
	return max(after, next[:len(next)-size])
}
