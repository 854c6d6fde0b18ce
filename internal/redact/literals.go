package redact

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// literals finds known texts, each at least prefixLength bytes long: it compares at a
// position only if the first prefixLength bytes there begin one of them.
type literals struct {
	begins []uint64            // a bit for each hash of a beginning
	shift  uint8               // of a hash to its bit
	by     map[uint32][]string // by their beginnings
}

// prefixLength is how many bytes are compared first. No form is shorter.
const prefixLength = 4

func newLiterals(texts []string) *literals {
	// Sixteen bits for each, or more, so that few beginnings share one.
	size := max(12, min(bits.Len(uint(len(texts)))+4, 24))
	l := &literals{begins: make([]uint64, 1<<size/64), shift: uint8(32 - size), by: map[uint32][]string{}}
	for _, text := range texts {
		begin := binary.LittleEndian.Uint32([]byte(text[:prefixLength]))
		l.by[begin] = append(l.by[begin], text)
		at := l.hash(begin)
		l.begins[at/64] |= 1 << (at % 64)
	}
	return l
}

// hash spreads beginnings, by Fibonacci hashing.
func (l *literals) hash(begin uint32) uint32 { return begin * 0x9E3779B1 >> l.shift }

// find returns the positions of all texts, overlapping ones too.
func (l *literals) find(text string) (found []span) {
	if l == nil || len(text) < prefixLength {
		return nil
	}
	begin := uint32(text[0])<<8 | uint32(text[1])<<16 | uint32(text[2])<<24
	for i := prefixLength - 1; i < len(text); i++ {
		begin = begin>>8 | uint32(text[i])<<24
		at := l.hash(begin)
		if l.begins[at/64]&(1<<(at%64)) == 0 {
			continue
		}
		from := i - prefixLength + 1
		for _, known := range l.by[begin] {
			if strings.HasPrefix(text[from:], known) {
				found = append(found, span{from, from + len(known)})
			}
		}
	}
	return found
}
