package manifest

import (
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Encoded is a built file in an encoding, with the size and sums of the encoded bytes.
func (f File) Encoded(encoding string, size int64, sum store.Sum, crc uint64) File {
	f = f.AsBuilt()
	f.Encoding, f.Size, f.Sum, f.CRC = encoding, size, sum, crc
	return f
}

// AsBuilt is a built file that is stored as it is, since compressing does not make it
// smaller. Its Origin records that.
func (f File) AsBuilt() File {
	f.Origin, f.OriginCRC = f.Built(), f.CRC
	return f
}

// Built is the file as it was built.
func (f File) Built() Origin {
	if f.Origin == (Origin{}) {
		return Origin{f.Size, f.Sum}
	}
	return f.Origin
}

// StoredLike is the built file as held stores the same file, if that has the encoding: it
// need not be compressed again, which another version of the compressor would do
// differently.
func (f File) StoredLike(held Entry, encoding string) (File, bool) {
	if held.Origin == (Origin{}) || held.Origin.Sum != f.Sum {
		return f, false
	}
	if !held.Compressed() {
		return f.AsBuilt(), true
	}
	if held.Headers.Get(rules.EncodingHeader) != encoding {
		return f, false
	}
	return f.Encoded(encoding, held.Size, held.Sum, held.CRC), true
}
