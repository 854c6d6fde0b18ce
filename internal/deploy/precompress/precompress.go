// Package precompress compresses a build's files, to be served with Content-Encoding: gzip.
// With one version of the compressor, equal content gives equal bytes on every machine: no
// name, no time, one level, and reads of one size.
package precompress

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/scan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

const (
	// level compresses within half a percent of the highest, at nearly twice its speed.
	level = 7
	// chunk is the size of each read, in bytes: the compressor's output depends on it.
	chunk = 64 << 10
)

// Compressor compresses the files of one build into temporary files, until it is closed. Its
// memory does not depend on the files' sizes and number. It is safe for concurrent use.
type Compressor struct {
	dir  string
	temp string
	free chan *worker
	once sync.Once // of Close

	mu      sync.Mutex
	results map[string]section
}

// section is the place of a compressed file in a temporary file.
type section struct {
	file   *os.File
	offset int64
	stored manifest.File
}

// New makes the compressor of the build in dir. It makes temporary files in temp, "" for the
// system's folder, and only once it compresses.
func New(dir, temp string) *Compressor {
	p := &Compressor{dir: dir, temp: temp, free: make(chan *worker, runtime.GOMAXPROCS(0)), results: map[string]section{}}
	for range cap(p.free) {
		p.free <- &worker{}
	}
	return p
}

// Compress compresses a file, once, and returns it as it is stored: as it was built, if that
// is no larger.
func (p *Compressor) Compress(f manifest.File) (manifest.File, error) {
	if s, ok := p.find(f.Path); ok {
		return s.stored, nil
	}
	w := <-p.free
	defer func() { p.free <- w }()
	s, err := w.compress(filepath.Join(p.dir, filepath.FromSlash(f.Path)), f, p.temp)
	if err != nil {
		return f, fmt.Errorf("compress %s: %w", f.Path, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results[f.Path] = s
	return s.stored, nil
}

// Body is the content of a compressed file; false for a file that did not become smaller.
func (p *Compressor) Body(path string) (store.Body, bool) {
	s, ok := p.find(path)
	if !ok || s.stored.Encoding == "" {
		return nil, false
	}
	return io.NewSectionReader(s.file, s.offset, s.stored.Size), true
}

func (p *Compressor) find(path string) (section, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.results[path]
	return s, ok
}

// Close deletes the temporary files. Call it when all compressing and reading has ended.
func (p *Compressor) Close() error {
	if p == nil {
		return nil
	}
	var errs []error
	p.once.Do(func() {
		for range cap(p.free) {
			w := <-p.free
			errs = append(errs, w.close())
		}
	})
	return errors.Join(errs...)
}

// worker compresses one file after the other into one temporary file.
type worker struct {
	spool *os.File
	end   int64
	out   *bufio.Writer
	gz    *gzip.Writer
	in    []byte
}

func (w *worker) compress(name string, f manifest.File, temp string) (section, error) {
	if err := w.open(temp); err != nil {
		return section{}, err
	}
	from, err := scan.Open(name)
	if err != nil {
		return section{}, err
	}
	defer func() { _ = from.Close() }() // read only: closing can't lose anything
	w.out.Reset(io.NewOffsetWriter(w.spool, w.end))
	out := &sums{to: w.out, sha: sha256.New()}
	built, err := w.copy(out, from)
	if err != nil {
		return section{}, err
	}
	if built != f.Built() {
		return section{}, errors.New("the file changed while it was being deployed: let the build end first, then deploy again")
	}
	if out.size >= f.Size {
		return section{stored: f.AsBuilt()}, nil // the next file is written over it
	}
	if err := w.out.Flush(); err != nil {
		return section{}, err
	}
	s := section{file: w.spool, offset: w.end, stored: f.Encoded(rules.EncodingGzip, out.size, store.Sum(out.sha.Sum(nil)), out.crc)}
	w.end += out.size
	return s, nil
}

// copy compresses a file, and returns its size and hash.
func (w *worker) copy(to io.Writer, from io.Reader) (manifest.Origin, error) {
	var built manifest.Origin
	sha := sha256.New()
	w.gz.Reset(to)
	w.gz.ModTime = time.Unix(0, 0) // no time at all (RFC 1952, 2.3.1); the zero Time would become one
	for {
		n, err := io.ReadFull(from, w.in)
		sha.Write(w.in[:n])
		built.Size += int64(n)
		if _, err := w.gz.Write(w.in[:n]); err != nil {
			return built, err
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return built, err
		}
	}
	sha.Sum(built.Sum[:0])
	return built, w.gz.Close()
}

func (w *worker) open(temp string) error {
	if w.spool != nil {
		return nil
	}
	gz, err := gzip.NewWriterLevel(io.Discard, level)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(temp, "pressrun-*.gz")
	if err != nil {
		return fmt.Errorf("make a temporary file: %w", err)
	}
	// Where the system can unlink an open file, a killed deploy leaves nothing behind.
	_ = os.Remove(f.Name())
	w.spool, w.gz, w.in, w.out = f, gz, make([]byte, chunk), bufio.NewWriterSize(nil, chunk)
	return nil
}

func (w *worker) close() error {
	if w.spool == nil {
		return nil
	}
	err := w.spool.Close()
	if gone := os.Remove(w.spool.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// sums counts and hashes the bytes that are written through it.
type sums struct {
	to   *bufio.Writer
	sha  hash.Hash
	crc  uint64
	size int64
}

func (s *sums) Write(b []byte) (int, error) {
	s.sha.Write(b)
	s.crc = crc64nvme.Update(s.crc, b)
	s.size += int64(len(b))
	return s.to.Write(b)
}
