package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/precompress"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	scan "github.com/pressrun/pressrun/internal/deploy/source"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// source is where a release's files come from.
type source interface {
	read(ctx context.Context) (manifest.Tree, error)
	// put makes the site's store hold an entry.
	put(ctx context.Context, site store.Store, entry *manifest.Entry, cond store.Condition) (store.Written, error)
	// sends tells whether put sends the content, or has the store copy it.
	sends() bool
}

// build is a folder with a built site, and the pages that its redirects become.
type build struct {
	dir   string
	made  map[string]redirect.Rule
	packs *precompress.Packer
}

func newBuild(dir string) build { return build{dir: dir, packs: precompress.New(dir, "")} }

func (b build) read(ctx context.Context) (manifest.Tree, error) { return scan.Scan(ctx, b.dir) }

func (b build) put(ctx context.Context, site store.Store, entry *manifest.Entry, cond store.Condition) (store.Written, error) {
	body, done, err := b.open(entry)
	if err != nil {
		return store.Written{}, err
	}
	defer done()
	return site.Put(ctx, store.Put{
		Key: entry.Path, Headers: entry.Headers, Size: entry.Size, Sum: entry.Sum, CRC: entry.CRC, Body: body, If: cond,
	})
}

func (build) sends() bool { return true }

// content is a small file read whole.
func (b build) content(name string) ([]byte, error) {
	if r, ok := b.made[name]; ok {
		return r.Page(), nil
	}
	return os.ReadFile(filepath.Join(b.dir, filepath.FromSlash(name)))
}

// smallFile is read whole before it is sent; larger files are streamed.
const smallFile = 1 << 20

// open gives a file's content, and makes sure that a small one is still what was
// hashed; the store does that for a large one. Buffers are not pooled: the HTTP
// transport may read a body even after the answer has come.
func (b build) open(entry *manifest.Entry) (store.Body, func(), error) {
	if r, ok := b.made[entry.Path]; ok {
		return bytes.NewReader(r.Page()), func() {}, nil
	}
	if entry.Compressed() {
		if err := b.repack(entry); err != nil {
			return nil, nil, err
		}
		body, _ := b.packs.Body(entry.Path)
		return body, func() {}, nil
	}
	f, err := os.Open(filepath.Join(b.dir, filepath.FromSlash(entry.Path)))
	if err != nil {
		return nil, nil, fmt.Errorf("read the build, which changed during the deploy: let it end first, then deploy again: %w", err)
	}
	done := func() { _ = f.Close() } // read only: closing can't lose anything
	changed := fmt.Errorf("%s changed while it was being deployed: let the build end first, then deploy again", entry.Path)
	if entry.Size > smallFile {
		if info, err := f.Stat(); err != nil || info.Size() != entry.Size {
			done()
			return nil, nil, errors.Join(changed, err)
		}
		return f, done, nil
	}
	defer done()
	body := make([]byte, entry.Size+1)
	n, err := io.ReadFull(f, body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("read the build: %w", err)
	}
	body = body[:n]
	if int64(n) != entry.Size || crc64nvme.Checksum(body) != entry.CRC {
		return nil, nil, changed
	}
	return bytes.NewReader(body), func() {}, nil
}
