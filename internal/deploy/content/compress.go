package content

import (
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Compress is a file as it is stored compressed, or as it was built where that makes
// it no smaller.
func (b *Build) Compress(f manifest.File) (manifest.File, error) { return b.packs.Pack(f) }

// Recompress makes sure that there is content for an entry that is stored compressed,
// and that the entry describes it.
func (b *Build) Recompress(entry *manifest.Entry) error {
	if !entry.Compressed() {
		return nil
	}
	packed, err := b.packs.Pack(manifest.File{Path: entry.Path, Size: entry.Origin.Size, Sum: entry.Origin.Sum})
	if err != nil {
		return err
	}
	if packed.Encoding == "" {
		return fmt.Errorf("compress %s: it became no smaller, as it did for the release before: give it a rule with the encoding none", entry.Path)
	}
	if entry.Sum != packed.Sum { // as a rule it has been done before, and a retry may be reading the entry
		entry.Size, entry.Sum, entry.CRC = packed.Size, packed.Sum, packed.CRC
	}
	return nil
}
