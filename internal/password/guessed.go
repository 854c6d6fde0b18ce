package password

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
)

// weakEnds are what people put behind a word that is guessed first.
var weakEnds = []string{"", "!", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "01", "12", "123", "1234", "12345", "123456", "2024", "2025", "2026", "2027", "\n"}

// IsGuessedHash says whether a SHA-256 in hexadecimal is that of a word that is guessed
// first, with what people put behind it.
func IsGuessedHash(hash string) bool {
	sum, err := hex.DecodeString(hash)
	if err != nil || len(sum) != sha256.Size {
		return false
	}
	_, found := weakHashes()[binary.BigEndian.Uint64(sum)]
	return found
}

// weakHashes are the first 8 bytes of the SHA-256 of all such words: enough to tell some
// 40,000 apart, and small enough for a server to keep in memory.
var weakHashes = sync.OnceValue(func() map[uint64]struct{} {
	hashes := map[uint64]struct{}{}
	var text []byte
	for _, word := range CommonWords() {
		for _, form := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]} {
			for _, end := range weakEnds {
				text = append(append(text[:0], form...), end...)
				sum := sha256.Sum256(text)
				hashes[binary.BigEndian.Uint64(sum[:])] = struct{}{}
			}
		}
	}
	return hashes
})
