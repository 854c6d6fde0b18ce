package manifest

import (
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Entry is one file at the destination, as a deploy left it.
type Entry struct {
	Path    string
	Size    int64 // bytes
	Sum     store.Sum
	CRC     uint64 // CRC-64/NVME of the content
	Headers store.Headers
	// ETag is the store's, from when the file was written: a foreign file in its place has
	// another one. Empty before the file is sent.
	ETag string
	// Version is the id under which the store keeps this content, also once it is
	// overwritten or deleted; empty where it keeps no versions.
	Version string `json:",omitempty"`
	// Origin is the built file, where a rule compresses it, also if that made it no smaller;
	// zero where no rule does.
	Origin Origin `json:",omitzero"`
}

// Origin is a file as it was built, before it was compressed for the store. By it a later
// deploy sees that the file is the same without compressing it again.
type Origin struct {
	Size int64 // bytes
	Sum  store.Sum
}

// Compressed says whether the stored bytes differ from the built file.
func (e *Entry) Compressed() bool { return e.Origin != (Origin{}) && e.Origin.Sum != e.Sum }

// Built is the file as it was built.
func (e *Entry) Built() Origin {
	if e.Origin == (Origin{}) {
		return Origin{e.Size, e.Sum}
	}
	return e.Origin
}

// Retired is a file that the newest release no longer has. Assets stay for a grace time,
// for pages that are still open in browsers or cached.
type Retired struct {
	Entry
	Sequence int64     // the deploy that dropped it
	At       time.Time // when, to the second
	Doomed   bool      // to be deleted by the deploy that wrote this manifest
}

// Manifest lists the files that Pressrun manages at a destination after one deploy.
type Manifest struct {
	Site     string
	Sequence int64
	Release  int64
	Commit   string
	Parent   int64 // sequence of the deploy before; 0 for the first
	At       time.Time
	// Delta marks a write-ahead manifest: its entries are the files to write, its retired
	// ones the files to delete.
	Delta   bool
	Entries []Entry   // sorted by path
	Retired []Retired // sorted by path
}

// Find returns the live entry of a path.
func (m *Manifest) Find(path string) (Entry, bool) {
	i, ok := m.Index(path)
	if !ok {
		return Entry{}, false
	}
	return m.Entries[i], true
}

// Index is the place of a path among the live entries, or where it would be inserted.
func (m *Manifest) Index(path string) (int, bool) {
	return slices.BinarySearchFunc(m.Entries, path, func(e Entry, p string) int { return strings.Compare(e.Path, p) })
}

// Pages is the number of HTML files in the release.
func (m *Manifest) Pages() int {
	n := 0
	for i := range m.Entries {
		if rules.IsPage(m.Entries[i].Path) {
			n++
		}
	}
	return n
}

// Bytes is the size of all live files together.
func (m *Manifest) Bytes() int64 {
	var n int64
	for i := range m.Entries {
		n += m.Entries[i].Size
	}
	return n
}

// SortEntries puts entries in the order of their paths, as a manifest has them.
func SortEntries(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
}
