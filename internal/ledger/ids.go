package ledger

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// ids makes ids that sort by time: 48 bits of milliseconds, then 72 random bits. Ids of one
// millisecond sort in the order in which they were made: each is larger than the one before
// by a random step.
type ids struct {
	ms    int64
	high  byte
	lower uint64
}

// next is the next id. It can't be guessed from the one before: the step has 56 random bits.
func (s *ids) next(prefix string, now time.Time) string {
	var chance [9]byte
	if _, err := rand.Read(chance[:]); err != nil {
		panic(err) // crypto/rand never fails: see its documentation
	}
	if ms := now.UnixMilli(); ms != s.ms {
		s.ms, s.high, s.lower = ms, chance[0]>>1, binary.BigEndian.Uint64(chance[1:])>>1
	} else {
		before := s.lower
		if s.lower += binary.BigEndian.Uint64(chance[1:])>>8 + 1; s.lower < before {
			s.high++
		}
	}
	var b [15]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.ms)<<16) //nolint:gosec // G115: a time after 1970
	b[6] = s.high
	binary.BigEndian.PutUint64(b[7:], s.lower)
	return prefix + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// timeOf reads when an id was made; false for text that is not an id of ids.
func timeOf(prefix, id string) (time.Time, bool) {
	text, ok := strings.CutPrefix(id, prefix)
	bytes, err := base32.HexEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(text))
	if !ok || err != nil || len(bytes) != 15 {
		return time.Time{}, false
	}
	var ms int64
	for _, b := range bytes[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC(), true
}
