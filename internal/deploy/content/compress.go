package content

import (
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Compress compresses a file, and returns it as it is stored: as it was built, if
// compressing makes it no smaller.
func (b *Build) Compress(f manifest.File) (manifest.File, error) { return b.compressor.Compress(f) }

// Recompress compresses the file of a compressed entry, and makes the entry describe the
// result.
func (b *Build) Recompress(entry *manifest.Entry) error {
	if !entry.Compressed() {
		return nil
	}
	packed, err := b.compressor.Compress(manifest.File{Path: entry.Path, Size: entry.Origin.Size, Sum: entry.Origin.Sum})
	if err != nil {
		return err
	}
	if packed.Encoding == "" {
		return fmt.Errorf("compress %s: the result is no smaller, as it was for the release before: give it a rule with the encoding none", entry.Path)
	}
	if entry.Sum != packed.Sum { // else nothing is written: a retry may be reading the entry
		entry.Size, entry.Sum, entry.CRC = packed.Size, packed.Sum, packed.CRC
	}
	return nil
}
