package config

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// Watcher notices changes of the files of a configuration by polling: that works on all
// kinds of volumes, and for Kubernetes' config maps, whose files are links that are
// exchanged.
type Watcher struct {
	path string
	// stamp is a hash of the files' times and sizes at the last check, and sum one of
	// their content.
	stamp, sum, reported string
	looks                int
	unsettled            bool
}

// thorough is how often, in checks, the content is read although the files' times and
// sizes are the same.
const thorough = 20

// Watch begins with the present files.
func Watch(path string) *Watcher {
	w := &Watcher{path: path}
	w.stamp, w.sum = w.read(timesAndSizes), w.read(contents)
	w.reported = w.sum
	return w
}

// Changed says, once, that the files differ from those it last reported, and were the same
// in two checks in a row, so that a writer of files has the time between two checks to
// finish.
func (w *Watcher) Changed() bool {
	sum := w.sum
	w.looks++
	if stamp := w.read(timesAndSizes); stamp != w.stamp || w.unsettled || w.looks%thorough == 0 {
		w.stamp, sum = stamp, w.read(contents)
	}
	if sum != w.sum {
		w.sum, w.unsettled = sum, true
		return false
	}
	if !w.unsettled {
		return false
	}
	w.unsettled = false
	changed := w.sum != w.reported
	w.reported = w.sum
	return changed
}

// read hashes a property of each file of the configuration. An unreadable file counts
// too: it may be readable at the next check.
func (w *Watcher) read(of func(into hash.Hash, file string) error) string {
	sum := sha256.New()
	files, err := w.files()
	for _, file := range files {
		_, _ = fmt.Fprintf(sum, "%q\n", file) // a hash takes everything
		if err := of(sum, file); err != nil {
			_, _ = fmt.Fprintf(sum, "%q\n", err.Error())
		}
	}
	if err != nil {
		_, _ = fmt.Fprintf(sum, "%q\n", err.Error())
	}
	return string(sum.Sum(nil))
}

func (w *Watcher) files() ([]string, error) {
	if info, err := os.Stat(w.path); err == nil && !info.IsDir() {
		return []string{w.path}, nil
	}
	files := []string{filepath.Join(w.path, mainFile)}
	for _, folder := range []string{groupFolder, siteFolder} {
		found, err := filesOf(filepath.Join(w.path, folder))
		if err != nil {
			return files, err
		}
		files = append(files, found...)
	}
	return files, nil
}

func timesAndSizes(into hash.Hash, file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(into, info.Size(), info.ModTime().UnixNano(), info.Mode())
	return nil
}

func contents(into hash.Hash, file string) error {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only: closing can't lose anything
	n, err := io.Copy(into, f)
	_, _ = fmt.Fprintln(into, n)
	return err
}
