package dir

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

var _ store.Store = (*Store)(nil)

// publicDir is the mode of folders that a web server, another user, reads.
const publicDir = 0o755

// KeptPrefix are keys of the site's store that lie beside the folder instead of
// in it: content that is kept for a rollback.
const KeptPrefix = ".pressrun/content/"

// Store keeps objects as files below one folder. A folder can't keep headers
// with a file, so those are the web server's to set: see Stat.
type Store struct {
	name     string
	mu       sync.Mutex // guards root
	root     string     // where keys lie now
	kept     string     // where content under KeptPrefix lies; "" for none
	lock     string     // file that serialises conditional writes between processes
	tagged   bool       // ETags by content (small state files) instead of by time and size
	requests atomic.Int64
}

// String is the folder as a file:// address.
func (s *Store) String() string { return s.name }

// Requests counts the operations made so far.
func (s *Store) Requests() int64 { return s.requests.Load() }

func (s *Store) path(key string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(key)) {
		return "", fmt.Errorf("%q is not a path inside the destination", key)
	}
	if rest, ok := strings.CutPrefix(key, KeptPrefix); ok && s.kept != "" {
		return filepath.Join(s.kept, filepath.FromSlash(rest)), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return filepath.Join(s.root, filepath.FromSlash(key)), nil
}

// Get reads a small file whole.
func (s *Store) Get(_ context.Context, key string) (store.Object, error) {
	s.requests.Add(1)
	name, err := s.path(key)
	if err != nil {
		return store.Object{}, err
	}
	body, err := os.ReadFile(name)
	if err != nil {
		return store.Object{}, s.explain("read", key, err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return store.Object{}, s.explain("read", key, err)
	}
	o := store.Object{Body: body, Info: store.Info{
		Key: key, Size: int64(len(body)), Modified: info.ModTime(), Now: time.Now(), ETag: s.tagOf(info, body),
		CRC: crc64nvme.Checksum(body), HasCRC: true,
	}}
	return o, nil
}

// Stat describes a file. Its headers are empty, as the folder keeps none.
func (s *Store) Stat(ctx context.Context, key string) (store.Info, error) {
	o, err := s.stat(ctx, key)
	if err != nil {
		return store.Info{}, err
	}
	return o, nil
}

func (s *Store) stat(_ context.Context, key string) (store.Info, error) {
	s.requests.Add(1)
	name, err := s.path(key)
	if err != nil {
		return store.Info{}, err
	}
	f, err := os.Open(name)
	if err != nil {
		return store.Info{}, s.explain("look at", key, err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return store.Info{}, s.explain("look at", key, err)
	}
	if info.IsDir() {
		return store.Info{}, fmt.Errorf("look at %s in %s: %w", key, s.name, store.ErrNotFound)
	}
	crc := crc64nvme.New()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(crc, sum), f); err != nil {
		return store.Info{}, s.explain("look at", key, err)
	}
	tag := timeTag(info)
	if s.tagged {
		tag = hex.EncodeToString(sum.Sum(nil))
	}
	return store.Info{
		Key: key, Size: info.Size(), ETag: tag, CRC: crc.Sum64(), HasCRC: true,
		Modified: info.ModTime(), Now: time.Now(),
	}, nil
}

// Put writes a file beside its place and renames it there, so that a reader sees
// the old content or the new and never a part.
func (s *Store) Put(ctx context.Context, put store.Put) (store.Written, error) {
	s.requests.Add(1)
	name, err := s.path(put.Key)
	if err != nil {
		return store.Written{}, err
	}
	unlock, err := s.guard()
	if err != nil {
		return store.Written{}, err
	}
	defer unlock()
	if err := s.check(ctx, put.Key, put.If); err != nil {
		return store.Written{}, err
	}
	if err := os.MkdirAll(filepath.Dir(name), publicDir); err != nil {
		return store.Written{}, s.explain("write", put.Key, err)
	}
	info, err := writeFile(name, put)
	if err != nil {
		return store.Written{}, s.explain("write", put.Key, err)
	}
	if !s.tagged {
		return store.Written{ETag: timeTag(info)}, nil
	}
	return store.Written{ETag: put.Sum.String()}, nil
}

func writeFile(name string, put store.Put) (info fs.FileInfo, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".pressrun-*.tmp")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
		}
	}()
	if _, err := put.Body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	crc := crc64nvme.New()
	if _, err := io.Copy(io.MultiWriter(tmp, crc), put.Body); err != nil {
		return nil, err
	}
	if crc.Sum64() != put.CRC {
		return nil, errors.New("the content differs from its checksum: the file changed while it was being read: let the build end first, then deploy again")
	}
	// CreateTemp makes private files; a web server runs as another user.
	if err := tmp.Chmod(0o644); err != nil {
		return nil, err
	}
	if info, err = tmp.Stat(); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return nil, err
	}
	return info, tmp.Close()
}

// Copy copies one file over another. Copying a file onto itself changes nothing,
// since there are no headers to keep.
func (s *Store) Copy(ctx context.Context, c store.Copy) (store.Written, error) {
	if c.FromStore != nil || c.FromVersion != "" {
		return store.Written{}, fmt.Errorf("copy %s to %s: from another store, or an earlier version: %w", c.From, s.name, errors.ErrUnsupported)
	}
	info, err := s.stat(ctx, c.From)
	if err != nil {
		return store.Written{}, err
	}
	if c.FromTag != "" && c.FromTag != info.ETag {
		return store.Written{}, fmt.Errorf("copy %s in %s: %w", c.From, s.name, store.ErrPrecondition)
	}
	if c.From == c.Key {
		return store.Written{ETag: info.ETag}, s.check(ctx, c.Key, c.If)
	}
	from, err := s.path(c.From)
	if err != nil {
		return store.Written{}, err
	}
	f, err := os.Open(from)
	if err != nil {
		return store.Written{}, s.explain("copy", c.From, err)
	}
	defer func() { _ = f.Close() }()
	return s.Put(ctx, store.Put{Key: c.Key, Size: info.Size, CRC: info.CRC, Body: f, If: c.If})
}

// Delete removes files, and folders that this leaves empty.
func (s *Store) Delete(ctx context.Context, dels []store.Deletion) []error {
	errs := make([]error, len(dels))
	for i, d := range dels {
		errs[i] = s.remove(ctx, d)
	}
	return errs
}

func (s *Store) remove(ctx context.Context, d store.Deletion) error {
	s.requests.Add(1)
	name, err := s.path(d.Key)
	if err != nil {
		return err
	}
	unlock, err := s.guard()
	if err != nil {
		return err
	}
	defer unlock()
	err = s.check(ctx, d.Key, store.Condition{IfMatch: d.ETag})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.explain("delete", d.Key, err)
	}
	s.mu.Lock()
	root := s.root
	s.mu.Unlock()
	for dir := filepath.Dir(name); dir != root && len(dir) > len(root); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break // not empty: other files live there
		}
	}
	return nil
}

// List calls f for every file whose key starts with prefix, by key.
func (s *Store) List(ctx context.Context, prefix string, f func(store.Info) error) error {
	s.requests.Add(1)
	s.mu.Lock()
	root, below := s.root, ""
	s.mu.Unlock()
	if s.kept != "" && strings.HasPrefix(prefix, KeptPrefix) {
		root, below = s.kept, KeptPrefix
	}
	root, err := filepath.EvalSymlinks(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return s.explain("list", prefix, err)
	}
	var found []store.Info
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		key := below + filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
		if !strings.HasPrefix(key, prefix) {
			return ctx.Err()
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		found = append(found, store.Info{Key: key, Size: info.Size(), ETag: timeTag(info), Modified: info.ModTime()})
		return ctx.Err()
	})
	if err != nil {
		return s.explain("list", prefix, err)
	}
	slices.SortFunc(found, func(a, b store.Info) int { return cmp.Compare(a.Key, b.Key) })
	for _, info := range found {
		if err := f(info); err != nil {
			return err
		}
	}
	return nil
}

// check compares what is there with what a write expects.
func (s *Store) check(_ context.Context, key string, c store.Condition) error {
	if c == (store.Condition{}) {
		return nil
	}
	name, err := s.path(key)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.IfMatch != "":
		return fmt.Errorf("%s in %s: %w", key, s.name, store.ErrNotFound)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return s.explain("look at", key, err)
	case c.IfAbsent:
		return fmt.Errorf("%s in %s: %w", key, s.name, store.ErrPrecondition)
	}
	tag := timeTag(info)
	if s.tagged {
		body, err := os.ReadFile(name)
		if err != nil {
			return s.explain("read", key, err)
		}
		tag = s.tagOf(info, body)
	}
	if tag != c.IfMatch {
		return fmt.Errorf("%s in %s: %w", key, s.name, store.ErrPrecondition)
	}
	return nil
}

func (s *Store) tagOf(info fs.FileInfo, body []byte) string {
	if !s.tagged {
		return timeTag(info)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// timeTag tells our file from one edited by hand: an edit changes its time.
func timeTag(info fs.FileInfo) string {
	return strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36)
}

// explain makes an operator's sentence of a file system's error.
func (s *Store) explain(verb, key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s %s in %s: %w", verb, key, s.name, store.ErrNotFound)
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s %s in %s: this user may not: check the folder's owner and mode: %w", verb, key, s.name, err)
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s %s in %s: the disk is full: make room there, then deploy again: %w", verb, key, s.name, err)
	}
	return fmt.Errorf("%s %s in %s: %w", verb, key, s.name, err)
}

var _ store.Body = (*bytes.Reader)(nil)
