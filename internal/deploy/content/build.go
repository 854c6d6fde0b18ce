package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/precompress"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/scan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Build is a folder with a built site, and the pages made from its redirects.
type Build struct {
	dir        string
	redirects  map[string]redirect.Rule // by path
	compressor *precompress.Compressor
}

// NewBuild is the build in a folder.
func NewBuild(dir string) *Build { return &Build{dir: dir, compressor: precompress.New(dir, "")} }

// Close deletes the compressed files.
func (b *Build) Close() error { return b.compressor.Close() }

// Read walks and hashes the build.
func (b *Build) Read(ctx context.Context) (manifest.Tree, error) { return scan.Scan(ctx, b.dir) }

// SetRedirects adds the pages of redirects, which replace files of the build.
func (b *Build) SetRedirects(made []redirect.Rule) {
	b.redirects = make(map[string]redirect.Rule, len(made))
	for _, r := range made {
		b.redirects[r.Path()] = r
	}
}

// Headers are the headers of a path by the rules.
func (b *Build) Headers(path string, rs rules.Rules) (store.Headers, error) {
	headers, err := rs.HeadersFor(path)
	if r, ok := b.redirects[path]; ok && err == nil {
		return r.Headers(headers)
	}
	return headers, err
}

// Put sends an entry's content.
func (b *Build) Put(ctx context.Context, site store.Store, entry *manifest.Entry, cond store.Condition) (store.Written, error) {
	body, done, err := b.Open(entry)
	if err != nil {
		return store.Written{}, err
	}
	defer done()
	return site.Put(ctx, store.Put{
		Key: entry.Path, Headers: entry.Headers, Size: entry.Size, Sum: entry.Sum, CRC: entry.CRC, Body: body, If: cond,
	})
}

// Sends is true: content goes from this machine to the store.
func (*Build) Sends() bool { return true }

// Text reads a file of at most MaxText bytes.
func (b *Build) Text(name string) ([]byte, error) {
	if r, ok := b.redirects[name]; ok {
		return r.Page(), nil
	}
	f, err := scan.Open(filepath.Join(b.dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only: closing can't lose anything
	text, err := io.ReadAll(io.LimitReader(f, MaxText+1))
	if err == nil && len(text) > MaxText {
		err = fmt.Errorf("%s is too large: it may have %d MiB", name, MaxText>>20)
	}
	return text, err
}

// MaxText is the size of the largest file that Text reads, in bytes: 100,000 redirects take
// some 6 MiB.
const MaxText = 16 << 20

// smallFile is the size in bytes up to which a file is read before it is sent; larger files
// are streamed.
const smallFile = 1 << 20

// Open returns a file's content and a function that closes it. It makes sure that a small
// file is still as it was hashed; the store does that for a large one. Buffers are not
// pooled: the HTTP transport may read a body even after the answer has come.
func (b *Build) Open(entry *manifest.Entry) (store.Body, func(), error) {
	if r, ok := b.redirects[entry.Path]; ok {
		return bytes.NewReader(r.Page()), func() {}, nil
	}
	if entry.Compressed() {
		if err := b.Recompress(entry); err != nil {
			return nil, nil, err
		}
		body, _ := b.compressor.Body(entry.Path)
		return body, func() {}, nil
	}
	f, err := scan.Open(filepath.Join(b.dir, filepath.FromSlash(entry.Path)))
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
