package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Bodies are the contents of answers, each a file named by its SHA-256. They are not
// put on disk at once: a content that a power cut damaged has another sum, and is asked
// for again.
type Bodies struct {
	folder string
	texts  *texts
}

// Bodies are the bodies in the folder.
func (f Folder) Bodies() Bodies { return Bodies{f.at("bodies"), f.texts} }

// mostTexts bounds the texts of this bake that are kept in memory, in bytes: they are
// rewritten at its end, and need not be read and summed once more.
const mostTexts = 96 << 20

// texts are contents in memory, by their sums. They must not be changed.
type texts struct {
	mu   sync.Mutex
	by   map[string][]byte
	size int
}

func (t *texts) put(sum string, text []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.by[sum]; known || t.size+len(text) > mostTexts {
		return
	}
	t.by[sum], t.size = text, t.size+len(text)
}

func (t *texts) get(sum string) ([]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, ok := t.by[sum]
	return text, ok
}

// Path is where a content lies.
func (b Bodies) Path(sum string) string { return filepath.Join(b.folder, sum[:2], sum) }

// Add keeps a content, and gives its sum.
func (b Bodies) Add(text []byte) (string, error) {
	hash := sha256.Sum256(text)
	sum := hex.EncodeToString(hash[:])
	b.texts.put(sum, text)
	if b.Has(sum, int64(len(text))) {
		return sum, nil
	}
	err := os.WriteFile(b.Path(sum), text, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Mkdir(filepath.Dir(b.Path(sum)), 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			err = os.WriteFile(b.Path(sum), text, 0o600)
		}
	}
	if err != nil {
		return "", fmt.Errorf("keep an answer: %w", err)
	}
	return sum, nil
}

// Copy stores a reader's content, and returns its sum and its size in bytes.
func (b Bodies) Copy(in io.Reader) (sum string, size int64, err error) {
	file, err := os.CreateTemp(b.folder, "new-*")
	if err != nil {
		return "", 0, fmt.Errorf("keep an answer: %w", err)
	}
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(file, hash), in)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", 0, errors.Join(err, os.Remove(file.Name()))
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	path := b.Path(sum)
	if _, err := os.Stat(path); err == nil {
		return sum, size, os.Remove(file.Name())
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", 0, fmt.Errorf("keep an answer: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return "", 0, fmt.Errorf("keep an answer: %w", err)
	}
	return sum, size, nil
}

// Has says whether a content of a size is there.
func (b Bodies) Has(sum string, size int64) bool {
	info, err := os.Stat(b.Path(sum))
	return err == nil && info.Size() == size
}

// Read reads a content, and fails where its sum is not the given one. The caller must not
// change it.
func (b Bodies) Read(sum string) ([]byte, error) {
	if text, ok := b.texts.get(sum); ok {
		return text, nil
	}
	text, err := os.ReadFile(b.Path(sum))
	if err != nil {
		return nil, fmt.Errorf("read a kept answer: %w", err)
	}
	if got := sha256.Sum256(text); hex.EncodeToString(got[:]) != sum {
		return nil, errors.Join(fmt.Errorf("a kept answer is damaged (%s): bake again", b.Path(sum)), os.Remove(b.Path(sum)))
	}
	return text, nil
}

// Sweep removes contents that no bake needs any more, and those that a killed one left
// half written.
func (b Bodies) Sweep(needed map[string]bool) error {
	root, err := os.OpenRoot(b.folder)
	if err != nil {
		return fmt.Errorf("remove old bodies of the bake's state: %w", err)
	}
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || needed[d.Name()] {
			return err
		}
		return root.Remove(path)
	})
	return errors.Join(err, root.Close())
}
