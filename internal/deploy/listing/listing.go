// Package listing reads a store's listing in parts, and stats keys, several at once.
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

// maxParts is the most parts that are read at once.
const maxParts = 32

// PageSize is the most keys in a page of a listing (S3 API reference, ListObjectsV2): a
// listing of one page is never read in parts.
const PageSize = 1000

// errUnordered means that the store's listing can't be read in parts.
var errUnordered = errors.New("the store lists its keys in another order than that of their bytes")

// Listing reads a store's listing in parts, several at once. Page after page, where each
// names the start of the next, a hundred thousand files take a hundred round trips.
type Listing struct {
	Store store.Store
	// Known are sorted keys that the listing probably has: it is split at some of them, so
	// that all parts are about as long.
	Known []string
	// Whole reads the listing from its start, page after page: for a store that has not been
	// found to list in parts correctly.
	Whole bool
	// KnownOnly skips keys between the known ones.
	KnownOnly bool
	perPart   int // known keys; default PageSize
}

// Each calls f for every object, one at a time, in no order. f may see a key twice: a
// store whose parts turn out to be wrong is listed again from its start.
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

// statsAtOnce is the most requests of Stat at once.
const statsAtOnce = 64

// Stat describes keys, several at once. Keys that do not exist are not in found.
func Stat(ctx context.Context, st store.Store, keys []string, atOnce int) (found map[string]store.Info, err error) {
	found = make(map[string]store.Info, len(keys))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(atOnce, statsAtOnce))
	for _, key := range keys {
		group.Go(func() error {
			info, err := st.Stat(ctx, key)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			found[key] = info
			return nil
		})
	}
	return found, group.Wait()
}

// Agrees says whether the listing in parts has every key of the listing from the start:
// after some keys, MinIO leaves keys out and says that there are no more. Keys that are
// written or deleted meanwhile don't count: the parts are read before and after.
func (l Listing) Agrees(ctx context.Context) (bool, error) {
	pager, ok := l.Store.(store.Pager)
	if !ok {
		return true, nil
	}
	l.KnownOnly, l.perPart = false, 1 // in as many parts as there may be
	before, err := l.inParts(ctx, pager)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return true, nil // Each then lists from the start
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

// inParts are the keys of a listing in parts.
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

// split returns the known keys at which the keys after one are cut into parts.
func (l *partedListing) split(after string) []string {
	i, found := slices.BinarySearch(l.Known, after)
	if found {
		i++
	}
	rest := l.Known[i:]
	parts := min(maxParts, len(rest)/cmp.Or(l.perPart, PageSize)+1)
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

// page reads one page; last is the key after which the next begins, if there is more.
func (l *partedListing) page(ctx context.Context, after, through string) (last string, more bool, err error) {
	page, more, err := l.pager.Page(ctx, after)
	if err != nil {
		return "", false, err
	}
	if len(page) == 0 && more {
		return "", false, errUnordered // no key says where the next page begins
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, info := range page {
		if info.Key <= after {
			return "", false, errUnordered
		}
		after = info.Key
		if through != "" && info.Key > through {
			more = false // only the order of the page's other keys is checked
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
