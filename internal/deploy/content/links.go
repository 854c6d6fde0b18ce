package content

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/links"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/scan"
)

// maxLinkPage is the size of the largest page that is read for its links, in bytes: no page
// that people open is larger, and a few such may be in memory for each processor.
const maxLinkPage = 16 << 20

// Links collects the links that find finds in pages. Each worker reads pages into one
// buffer, so that memory does not grow with the site.
func (b *Build) Links(ctx context.Context, pages []manifest.File, find func(page string, html []byte) []links.Link) ([]links.Link, error) {
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

// page reads a page into a buffer; it returns nil for a page that is too large.
func (b *Build) page(f manifest.File, buf *[]byte) ([]byte, error) {
	if r, ok := b.redirects[f.Path]; ok {
		return r.Page(), nil
	}
	if f.Size > maxLinkPage {
		return nil, nil
	}
	if int64(cap(*buf)) < f.Size {
		*buf = make([]byte, f.Size+f.Size/4)
	}
	from, err := scan.Open(filepath.Join(b.dir, filepath.FromSlash(f.Path)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }() // read only: closing can't lose anything
	n, err := io.ReadFull(from, (*buf)[:f.Size])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // the file changed meanwhile: Open finds that out
	}
	return (*buf)[:n], err
}
