package manifest

import (
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// File is one file of a built site.
type File struct {
	Path string // from the site's root, with "/"
	Size int64  // bytes
	Sum  store.Sum
	CRC  uint64 // CRC-64/NVME, the checksum that S3 verifies before it stores
	// Redirect says that a rule of _redirects made the file.
	Redirect bool
	// Encoding of the stored bytes: "gzip", or "" for the file as it was built. Size, Sum and
	// CRC are those of the stored bytes, Origin and OriginCRC of the built file.
	Encoding  string
	Origin    Origin // as in Entry
	OriginCRC uint64
}

// Refused is a file of the build that can't be published, with the reason.
type Refused struct {
	Path   string
	Reason string
}

// Tree is a built site as found on disk: files sorted by path, each once.
type Tree struct {
	Files   []File
	Refused []Refused
}

// Has says whether a path is one of the build's files.
func (t Tree) Has(path string) bool {
	_, ok := slices.BinarySearchFunc(t.Files, path, func(f File, p string) int { return strings.Compare(f.Path, p) })
	return ok
}

// Bytes is the size of all files together.
func (t Tree) Bytes() int64 {
	var n int64
	for _, f := range t.Files {
		n += f.Size
	}
	return n
}

// Pages is the number of HTML files.
func (t Tree) Pages() int {
	n := 0
	for _, f := range t.Files {
		if rules.IsPage(f.Path) {
			n++
		}
	}
	return n
}
