package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pressrun/pressrun/internal/atomicfile"
)

// File keeps a run's state on disk. It is safe for concurrent use: heartbeats read
// what the steps change.
type File struct {
	path  string
	mu    sync.Mutex
	state State
}

// NewFile is a file at path, which must be absolute. The first Change writes the state.
func NewFile(path string, s State) *File { return &File{path: path, state: s} }

// Path is the path of the file.
func (f *File) Path() string { return f.path }

// Beside is the path of a file next to this one, with another ending: ".metrics.json".
func (f *File) Beside(suffix string) string {
	return strings.TrimSuffix(f.path, filepath.Ext(f.path)) + suffix
}

// Now is the current state.
func (f *File) Now() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Change changes the state; it is on disk before Change returns.
func (f *File) Change(change func(s *State)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.state)
	text, err := json.MarshalIndent(f.state, "", "  ")
	if err == nil {
		err = Write(f.path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the run's state: %w", err)
	}
	return nil
}

// Read reads a state file; fs.ErrNotExist when there is none.
func Read(path string) (State, error) {
	var s State
	text, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("read the run's state: %w", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the run's state in %s: %w", path, err)
	}
	return s, nil
}

// ReadIfAny reads a state file; the zero State when there is none.
func ReadIfAny(path string) (State, error) {
	s, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	return s, err
}

// Write makes or replaces a private file of the run, whole or not at all, and the
// folder for it.
func Write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, text)
}
