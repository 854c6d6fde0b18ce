package engine

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/links"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
)

// maxLinkPage bounds a page that is read for its links, in bytes: no page that
// people open is larger, and this many may be in memory for each processor.
const maxLinkPage = 16 << 20

// brokenLinks reads the pages that have changed and looks for what they name; and,
// when the release takes something away, the others for what is named there.
func (d *run) brokenLinks(ctx context.Context, b build) ([]guard.Violation, error) {
	elsewhere, err := b.leftToCDN()
	if err != nil {
		return nil, err
	}
	changed := links.ChangedPages(d.tree, d.previous())
	dead, err := b.links(ctx, changed, func(page string, html []byte) []links.Link {
		return deadLinks(d.tree, page, html)
	})
	if err != nil {
		return nil, err
	}
	violations := links.Broken(unserved(dead, elsewhere), len(changed), d.limits())
	d.result.LostLinks = nil // of a plan that another deploy has overtaken
	gone := links.NewRemoved(d.tree, d.previous(), *d.opts.Grace, d.head.Fence+1, d.opts.Now())
	if gone.None() {
		return violations, nil
	}
	unchanged := links.UnchangedPages(d.tree, d.previous())
	lost, err := b.links(ctx, unchanged, gone.Links)
	if err != nil {
		return nil, err
	}
	stop, few := links.ToRemoved(unserved(lost, elsewhere), len(unchanged), d.limits())
	if stop != nil {
		violations = append(violations, *stop)
	}
	d.result.LostLinks = few
	return violations, nil
}

// links collects what find finds in pages. Each worker reads them into a buffer of
// its own, so that memory does not grow with the site.
func (b build) links(ctx context.Context, pages []manifest.File, find func(page string, html []byte) []links.Link) ([]links.Link, error) {
	var mu sync.Mutex
	var links []links.Link
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(len(pages), 2*runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			var buf []byte
			for {
				i := int(next.Add(1)) - 1
				if i >= len(pages) {
					return nil
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				html, err := b.page(pages[i], &buf)
				if err != nil {
					return err
				}
				if found := find(pages[i].Path, html); len(found) > 0 {
					mu.Lock()
					links = append(links, found...)
					mu.Unlock()
				}
			}
		})
	}
	err := group.Wait() // before links is read
	return links, err
}

// page is a page's content, in a buffer that is used again for the next; nothing
// of one that is too large.
func (b build) page(f manifest.File, buf *[]byte) ([]byte, error) {
	if r, ok := b.made[f.Path]; ok {
		return r.Page(), nil
	}
	if f.Size > maxLinkPage {
		return nil, nil
	}
	if int64(cap(*buf)) < f.Size {
		*buf = make([]byte, f.Size+f.Size/4)
	}
	from, err := os.Open(filepath.Join(b.dir, filepath.FromSlash(f.Path)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }() // read only: closing can't lose anything
	n, err := io.ReadFull(from, (*buf)[:f.Size])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // it changed meanwhile: sending it finds that out
	}
	return (*buf)[:n], err
}

func deadLinks(tree manifest.Tree, page string, html []byte) []links.Link {
	var out []links.Link
	links.References(html, func(target string, asset bool) {
		if name, ok := links.Resolve(page, target); ok && !tree.Serves(name) {
			out = append(out, links.Link{Page: page, Target: target, Asset: asset})
		}
	})
	return out
}

// leftToCDN tells what the CDN answers by rules that stored files can't carry out.
func (b build) leftToCDN() (func(name string) bool, error) {
	text, err := b.content(redirect.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return func(string) bool { return false }, nil
	}
	return redirect.LeftToCDN(text), err
}

// unserved leaves out links that are answered elsewhere.
func unserved(found []links.Link, elsewhere func(name string) bool) []links.Link {
	return slices.DeleteFunc(found, func(l links.Link) bool {
		name, ok := links.Resolve(l.Page, l.Target)
		return ok && elsewhere(name)
	})
}
