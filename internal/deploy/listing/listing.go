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
	listPage = 1000
)

// errUnordered tells of a store whose listing can't be read in parts.
var errUnordered = errors.New("the store lists its keys in another order than that of their bytes")

// Listing reads a store's listing in parts at once, since each page of one only
// tells where the next begins: far away, a hundred thousand files would take a
// hundred round trips one after the other.
type Listing struct {
	Store store.Store
	// Known are keys, sorted: where they are many, the listing probably has many
	// too. It is split there, so that each part is about as long.
	Known []string
	// KnownOnly leaves out stretches that no known key lies in.
	KnownOnly bool
	PerPart   int // known keys; default listPage
}

// Each calls f for every object, one at a time, in no order. A store that turns out
// to be listed in parts wrongly is listed once more from its start: f may see a key
// twice.
func (l Listing) Each(ctx context.Context, f func(store.Info) error) error {
	pager, ok := l.Store.(store.Pager)
	if !ok {
		return l.Store.List(ctx, "", f)
	}
	err := (&partedListing{Listing: l, pager: pager, f: f}).read(ctx)
	if errors.Is(err, errUnordered) || errors.Is(err, errors.ErrUnsupported) {
		return l.Store.List(ctx, "", f)
	}
	return err
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
