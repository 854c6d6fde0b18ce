package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// lister reads one list once.
type lister struct {
	pass    *pass
	t       content.Type
	want    content.Want
	purpose string
	from    string // the position that it begins at

	mu    sync.Mutex
	found listing
}

const (
	// mostStale is how many pages in a row may have nothing new before a list is taken
	// for endless: some CMSs give the last page again for every number beyond it.
	mostStale = 3
	// mostRecords bounds a list.
	mostRecords = 5_000_000
	// goroutines bounds how many requests wait for their turn.
	goroutines = 64
)

// all reads the list's first page, and the rest at once if it says how many there are,
// else one after the other.
func (l *lister) all(ctx context.Context) error {
	l.pass.expect(1)
	first, err := l.page(ctx, l.from)
	if err != nil {
		return err
	}
	if len(l.want.IDs) > 0 && first.Next == "" {
		return nil
	}
	rest, ok := l.t.Pager.Rest(content.Page{Items: make([]content.Item, len(first.Records)), Total: first.Total, Pages: first.Pages})
	if !ok {
		return l.follow(ctx, first)
	}
	l.pass.expect(len(rest))
	return parallel(ctx, len(rest), func(ctx context.Context, i int) error {
		_, err := l.page(ctx, rest[i])
		if beyond(err) { // the list became shorter
			l.markMoved()
			l.pass.answered()
			return nil
		}
		return err
	})
}

// beyond says whether an error is the answer for a page after the last one, such as
// WordPress's (rest_post_invalid_page_number, 400).
func beyond(err error) bool {
	refused, ok := errors.AsType[*fetch.StatusError](err)
	return ok && (refused.Status == http.StatusBadRequest || refused.Status == http.StatusNotFound)
}

// follow reads page after page.
func (l *lister) follow(ctx context.Context, page archive.Answer) error {
	position, stale := l.from, 0
	been := map[string]bool{position: true}
	for n := 1; ; n++ {
		before := l.count()
		position = l.t.Pager.After(position, content.Page{Items: make([]content.Item, len(page.Records)), Next: page.Next})
		switch {
		case position == "":
			return nil
		case been[position]:
			return fmt.Errorf("%w: page %d leads back to one before it", ErrEndless, n)
		case n >= content.MostPages || before > mostRecords:
			return fmt.Errorf("%w: it has more than %d pages or %d records", ErrEndless, content.MostPages, mostRecords)
		}
		been[position] = true
		l.pass.expect(1)
		var err error
		if page, err = l.page(ctx, position); err != nil {
			return err
		}
		if stale++; l.count() > before {
			stale = 0
		}
		if stale >= mostStale && len(page.Records) > 0 {
			return fmt.Errorf("%w: %d pages in a row have nothing that was not on a page before", ErrEndless, stale)
		}
	}
}

func (l *lister) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.found.keys)
}

func (l *lister) markMoved() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found.moved = true
}

// page reads one page, or takes it from the pass that was cut off.
func (l *lister) page(ctx context.Context, position string) (archive.Answer, error) {
	r := l.t.Request(l.pass.plan.URL, l.want, position)
	key := l.key(r)
	a, known := l.pass.kept.Known(key)
	if !known {
		var err error
		if a, err = l.ask(ctx, r, key); err != nil {
			return a, err
		}
	}
	l.add(a)
	if a.HasBodies {
		l.pass.take(a)
		l.pass.drop(a.Gone...)
	}
	if a.Resume != "" {
		l.pass.resumeAt(l.t, a.Resume)
	}
	l.pass.answered()
	return a, nil
}

func (l *lister) ask(ctx context.Context, r content.Request, key string) (a archive.Answer, err error) {
	var page content.Page
	err = l.pass.plan.Ask.Ask(ctx, r, func(answer fetch.Answer) (err error) {
		page, err = l.t.Read(answer.Header, answer.Body)
		a.At = answer.At
		return err
	})
	if err != nil {
		return a, err
	}
	a.Total, a.Pages, a.Next, a.Resume = page.Total, page.Pages, page.Next, page.Resume
	var bodies [][]byte
	whole := !l.want.Sparse || l.t.Sparse == nil
	if whole {
		bodies = [][]byte{}
	}
	for _, item := range page.Items {
		if item.Deleted {
			a.Gone = append(a.Gone, item.Key)
			continue
		}
		record := content.Record{Key: item.Key, Stamp: item.Stamp, Revision: item.Revision}
		if whole {
			record.Hash, record.Size, record.References = content.Hash(item.Raw), int64(len(item.Raw)), item.References
			bodies = append(bodies, item.Raw)
		}
		a.Records = append(a.Records, record)
	}
	a.HasBodies = whole
	return a, l.pass.kept.Keep(key, a, bodies)
}

// add takes a page's keys, and notes whether the list's total has changed.
func (l *lister) add(a archive.Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range a.Records {
		l.found.keys[r.Key] = r
	}
	if l.found.total >= 0 && a.Total >= 0 && a.Total != l.found.total {
		l.found.moved = true
	}
	if a.Total >= 0 {
		l.found.total = a.Total
	}
}

// parallel calls do n times, at most goroutines at once.
func parallel(ctx context.Context, n int, do func(context.Context, int) error) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(goroutines)
	for i := range n {
		if within.Err() != nil {
			break
		}
		g.Go(func() error { return do(within, i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err() // of those that were not begun
}
