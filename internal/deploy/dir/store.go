package dir

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
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

// KeptPrefix is the prefix of the site's keys for kept content, which is beside the folder
// and not in it.
const KeptPrefix = ".pressrun/content/"

// Store keeps objects as files below one folder. It keeps no headers: the web server sets
// those.
type Store struct {
	name     string
	mu       sync.Mutex // guards root
	root     string     // folder of the keys now
	kept     string     // folder of the keys under KeptPrefix; "" for none
	lock     string     // lock file for conditional writes; "" for none
	tagged   bool       // ETags are hashes of the content (small state files), not of time and size
	requests atomic.Int64
}

// String is the folder as a file:// address.
func (s *Store) String() string { return s.name }

// Requests counts the operations made so far.
func (s *Store) Requests() int64 { return s.requests.Load() }

// Get reads a small file whole.
func (s *Store) Get(_ context.Context, key string) (store.Object, error) {
	s.requests.Add(1)
	p, err := s.reading("read", key)
	if err != nil {
		return store.Object{}, err
	}
	defer p.close()
	f, info, err := p.open()
	if err != nil {
		return store.Object{}, s.explain("read", key, err)
	}
	if f == nil {
		return store.Object{}, fmt.Errorf("read %s in %s: it is a link, a folder or a device, and no regular file", key, s.name)
	}
	defer func() { _ = f.Close() }()
	body, err := io.ReadAll(f)
	if err != nil {
		return store.Object{}, s.explain("read", key, err)
	}
	return store.Object{Body: body, Info: store.Info{
		Key: key, Size: int64(len(body)), Modified: info.ModTime(), Now: time.Now(), ETag: s.tagOf(info, body),
		CRC: crc64nvme.Checksum(body), HasCRC: true,
	}}, nil
}

// Stat describes a file, without headers. A link is reported as a file without a checksum.
func (s *Store) Stat(_ context.Context, key string) (store.Info, error) {
	s.requests.Add(1)
	p, err := s.reading("look at", key)
	if err != nil {
		return store.Info{}, err
	}
	defer p.close()
	f, info, err := p.open()
	if err != nil {
		return store.Info{}, s.explain("look at", key, err)
	}
	if info.IsDir() {
		return store.Info{}, fmt.Errorf("look at %s in %s: %w", key, s.name, store.ErrNotFound)
	}
	out := store.Info{Key: key, Size: info.Size(), ETag: timeTag(info), Modified: info.ModTime(), Now: time.Now()}
	if f == nil {
		return out, nil
	}
	defer func() { _ = f.Close() }()
	crc := crc64nvme.New()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(crc, sum), f); err != nil {
		return store.Info{}, s.explain("look at", key, err)
	}
	if s.tagged {
		out.ETag = hex.EncodeToString(sum.Sum(nil))
	}
	out.CRC, out.HasCRC = crc.Sum64(), true
	return out, nil
}

// Put writes a temporary file and renames it, so that a reader sees the old content or the
// new and never a part. It replaces a link in the file's place, and not the link's target.
func (s *Store) Put(_ context.Context, put store.Put) (store.Written, error) {
	s.requests.Add(1)
	unlock, err := s.acquireLock()
	if err != nil {
		return store.Written{}, err
	}
	defer unlock()
	for range putTries - 1 {
		w, err := s.put(put)
		if put.If.IfMatch != "" || !errors.Is(err, store.ErrNotFound) {
			return w, err
		}
	}
	return s.put(put)
}

// putTries bounds how often Put makes a folder again that a delete at the same time has
// removed as empty.
const putTries = 5

func (s *Store) put(put store.Put) (store.Written, error) {
	p, err := s.writing(put.Key)
	if err != nil {
		return store.Written{}, err
	}
	defer p.close()
	if err := s.check(p, put.Key, put.If); err != nil {
		return store.Written{}, err
	}
	info, err := p.write(put)
	if err != nil {
		return store.Written{}, s.explain("write", put.Key, err)
	}
	if !s.tagged {
		return store.Written{ETag: timeTag(info)}, nil
	}
	return store.Written{ETag: put.Sum.String()}, nil
}

func (p *place) write(put store.Put) (info fs.FileInfo, err error) {
	tmp, name, err := p.createTemp()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tmp.Close(), p.folder.Remove(name))
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
	// The web server, another user, must be able to read it.
	if err := tmp.Chmod(0o644); err != nil {
		return nil, err
	}
	if info, err = tmp.Stat(); err != nil {
		return nil, err
	}
	if err := p.folder.Rename(name, p.name); err != nil {
		return nil, err
	}
	return info, tmp.Close()
}

// Copy copies one file over another. Copying a file onto itself changes nothing, since
// there are no headers.
func (s *Store) Copy(ctx context.Context, c store.Copy) (store.Written, error) {
	if c.FromStore != nil || c.FromVersion != "" {
		return store.Written{}, fmt.Errorf("copy %s to %s: from another store, or an earlier version: %w", c.From, s.name, errors.ErrUnsupported)
	}
	info, err := s.Stat(ctx, c.From)
	if err != nil {
		return store.Written{}, err
	}
	if c.FromTag != "" && c.FromTag != info.ETag {
		return store.Written{}, fmt.Errorf("copy %s in %s: %w", c.From, s.name, store.ErrPrecondition)
	}
	p, err := s.reading("copy", c.From)
	if err != nil {
		return store.Written{}, err
	}
	defer p.close()
	if c.From == c.Key {
		return store.Written{ETag: info.ETag}, s.check(p, c.Key, c.If)
	}
	f, _, err := p.open()
	if err != nil {
		return store.Written{}, s.explain("copy", c.From, err)
	}
	if f == nil {
		return store.Written{}, fmt.Errorf("copy %s in %s: it is a link or a device, and no regular file", c.From, s.name)
	}
	defer func() { _ = f.Close() }()
	return s.Put(ctx, store.Put{Key: c.Key, Size: info.Size, CRC: info.CRC, Body: f, If: c.If})
}

// Delete removes files, and folders that this leaves empty.
func (s *Store) Delete(_ context.Context, dels []store.Deletion) []error {
	errs := make([]error, len(dels))
	for i, d := range dels {
		errs[i] = s.remove(d)
	}
	return errs
}

func (s *Store) remove(d store.Deletion) error {
	s.requests.Add(1)
	unlock, err := s.acquireLock()
	if err != nil {
		return err
	}
	defer unlock()
	p, err := s.reading("delete", d.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer p.close()
	err = s.check(p, d.Key, store.Condition{IfMatch: d.ETag})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := p.folder.Remove(p.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.explain("delete", d.Key, err)
	}
	p.close() // Windows removes no folder that is open
	s.removeEmpty(d.Key)
	return nil
}

// removeEmpty removes the folders that a deletion left empty.
func (s *Store) removeEmpty(key string) {
	base, name := s.base(key)
	root, err := os.OpenRoot(base)
	if err != nil {
		return // an empty folder does no harm
	}
	defer func() { _ = root.Close() }()
	for dir := path.Dir(path.Clean(name)); dir != "."; dir = path.Dir(dir) {
		if root.Remove(dir) != nil {
			return // not empty: other files live there
		}
	}
}

// List calls f for every file whose key starts with prefix, by key. It leaves out files that
// are deleted meanwhile.
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
	start := filepath.Join(root, filepath.FromSlash(path.Dir(strings.TrimPrefix(prefix, below)+"x")))
	switch resolved, err := filepath.EvalSymlinks(start); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), err == nil && resolved != start:
		return nil // no managed file is behind a link
	case err != nil:
		return s.explain("list", prefix, err)
	}
	var found []store.Info
	err = filepath.WalkDir(start, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return ctx.Err()
		}
		if err != nil || e.IsDir() {
			return err
		}
		key := below + filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
		if !strings.HasPrefix(key, prefix) {
			return ctx.Err()
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return ctx.Err()
		}
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

// check checks the condition of a write.
func (s *Store) check(p *place, key string, c store.Condition) error {
	if c == (store.Condition{}) {
		return nil
	}
	info, err := p.folder.Lstat(p.name)
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
		body, err := p.folder.ReadFile(p.name)
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

// timeTag is an ETag of time and size: an edit by hand changes it.
func timeTag(info fs.FileInfo) string {
	return strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36)
}

// explain makes a file system's error a sentence for an operator.
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
