// Package archive is the folder of a copy of a CMS's content. Snapshots in it are whole
// and never change; which one is the latest is one small file, replaced at one instant,
// so that a kill at any other leaves the former one. A pass keeps its answers beside
// them, and goes on from there.
//
//	DIR/current            leads to the latest snapshot's folder (not on Windows)
//	DIR/current.json       names it: State
//	DIR/snapshots/ID/TYPE/ID.json  the records, byte for byte
//	DIR/snapshots/ID/snapshot.json, changes.json
//	DIR/lists.json         the source's answers about its lists
//	DIR/.pass              a pass that is under way, or was cut off
package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/content"
)

// format is the format of all files here.
const format = 1

// kept is the number of snapshots that stay, the latest among them.
const kept = 3

// ErrNone says that a folder has no snapshot.
var ErrNone = errors.New("there is no snapshot yet")

// ErrBusy says that another export writes to the folder.
var ErrBusy = errors.New("another export is writing to it")

// State names the latest snapshot, and where the next pass goes on.
type State struct {
	Format   int    `json:"format"`
	Snapshot string `json:"snapshot"`
	// Watermark and Consistency are the last pass's. When nothing had changed, the
	// snapshot is an earlier one and true for this watermark too.
	Watermark   time.Time           `json:"watermark"`
	Consistency content.Consistency `json:"consistency"`
	// FullAt is the watermark of the last pass that read everything.
	FullAt time.Time `json:"full_at"`
	// Cursors are the source's own tokens, by type.
	Cursors map[string]string `json:"cursors,omitempty"`
}

// Archive is a folder that this process alone writes to.
type Archive struct {
	dir  string
	lock *os.File
}

// Open makes the folder, or takes it over. ErrBusy if another process has it.
func Open(dir string) (*Archive, error) {
	if err := os.MkdirAll(filepath.Join(dir, "snapshots"), 0o755); err != nil { //nolint:gosec // G301: a build of another user may read published content
		return nil, fmt.Errorf("make the folder of the copy: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the copy: %w", err)
	}
	if err := lockFile(lock); err != nil {
		return nil, errors.Join(fmt.Errorf("take the folder %s: %w", dir, err), lock.Close())
	}
	return &Archive{dir: dir, lock: lock}, nil
}

// Close lets others write to the folder.
func (a *Archive) Close() error { return a.lock.Close() }

// Latest is the latest snapshot; ErrNone if there is none.
func (a *Archive) Latest() (State, *content.Snapshot, error) { return Read(a.dir) }

// Read reads the latest snapshot of a folder, which need not be open here; ErrNone if
// there is none.
func Read(dir string) (State, *content.Snapshot, error) {
	var state State
	err := readJSON(filepath.Join(dir, "current.json"), &state)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil, fmt.Errorf("%s: %w", dir, ErrNone)
	}
	if err != nil {
		return state, nil, err
	}
	if state.Format != format || !filepath.IsLocal(state.Snapshot) {
		return state, nil, fmt.Errorf("%s is of another version of Pressrun (format %d, this one has %d): remove the folder to read all anew", dir, state.Format, format)
	}
	snapshot := new(content.Snapshot)
	if err := readJSON(filepath.Join(Folder(dir, state.Snapshot), "snapshot.json"), snapshot); err != nil {
		return state, nil, err
	}
	return state, snapshot, nil
}

// Folder is the folder of a snapshot.
func Folder(dir, id string) string { return filepath.Join(dir, "snapshots", id) }

// Record reads a record of a snapshot, and checks its hash.
func Record(dir, id string, r content.Record) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(Folder(dir, id), filepath.FromSlash(r.File())))
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", r.Key, err)
	}
	if content.Hash(raw) != r.Hash {
		return nil, fmt.Errorf("the record %s was changed in the folder after the export: export with --full to read it anew", r.Key)
	}
	return raw, nil
}

func readJSON(file string, into any) error {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

func writeState(dir string, s State) error {
	s.Format = format
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state of the copy: %w", err)
	}
	return atomicfile.Write(filepath.Join(dir, "current.json"), append(text, '\n'))
}

// WriteLists stores a source's answers about its lists, as JSON.
func WriteLists(dir string, lists any) error {
	text, err := json.Marshal(lists)
	if err != nil {
		return fmt.Errorf("encode the source's answers about its lists: %w", err)
	}
	return atomicfile.Write(filepath.Join(dir, "lists.json"), append(text, '\n'))
}

// ReadLists reads the JSON that WriteLists wrote.
func ReadLists(dir string) ([]byte, error) {
	return os.ReadFile(filepath.Join(filepath.Clean(dir), "lists.json"))
}
