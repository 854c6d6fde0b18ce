package deploy

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Sum is the SHA-256 of a file's bytes.
type Sum [32]byte

// String is the sum in hexadecimal.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// MarshalText writes the sum in hexadecimal.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a hexadecimal sum.
func (s *Sum) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(s) {
		return hex.ErrLength
	}
	_, err := hex.Decode(s[:], text)
	return err
}

// File is one file of a built site.
type File struct {
	Path string // from the site's root, with "/"
	Size int64  // bytes
	Sum  Sum
	CRC  uint64 // CRC-64/NVME, the checksum that S3 verifies before it stores
	// Redirect tells that the file was made from a rule of _redirects.
	Redirect bool
	// Encoding is that of the stored bytes, which the fields above then describe:
	// "gzip", or "" for the file as it was built. Origin is then the built file.
	Encoding  string
	Origin    Origin // as in Entry
	OriginCRC uint64
}

// Refused is something in the build that can't be published, with the reason.
type Refused struct {
	Path string
	Why  string
}

// Tree is a built site as found on disk: files sorted by path, each once.
type Tree struct {
	Files   []File
	Refused []Refused
}

// Has tells whether a path is one of the build's files.
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
		if IsPage(f.Path) {
			n++
		}
	}
	return n
}
