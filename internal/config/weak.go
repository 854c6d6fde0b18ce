package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/pressrun/pressrun/internal/password"
)

// placeholders are what examples have in place of a hash.
var placeholders = pattern(`(?i)(put|paste|your|replace|change|insert|example|todo|hash|xxx|<|\.\.\.)`)

// madeUp are hashes that nobody computed: one digit again and again, or digits in
// their order.
func madeUp(hash string) bool {
	different := map[rune]bool{}
	for _, c := range hash {
		different[c] = true
	}
	return len(different) < 6 || strings.Contains(hash, "0123456789abcdef") || strings.Contains(hash, "00112233445566778")
}

// weakEnds are what people put behind such a word.
var weakEnds = []string{"", "!", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "01", "12", "123", "1234", "12345", "123456", "2024", "2025", "2026", "2027", "\n"}

// isWeak says whether a hash in hexadecimal is that of such a word.
func isWeak(hash string) bool {
	sum, err := hex.DecodeString(hash)
	if err != nil || len(sum) != sha256.Size {
		return false
	}
	_, found := weakHashes()[binary.BigEndian.Uint64(sum)]
	return found
}

// weakHashes are the first 8 bytes of the SHA-256 of all of them: enough to know some
// 40,000 apart, and a server keeps them in memory.
var weakHashes = sync.OnceValue(func() map[uint64]struct{} {
	hashes := map[uint64]struct{}{}
	var text []byte
	for _, word := range password.CommonWords() {
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
