package calendar

import (
	"hash/fnv"
	"time"
)

// MaxSpread bounds over how long the slots of many sites are spread.
const MaxSpread = time.Hour

// ShiftOf is by how much the slots of a site's schedule come later, so that those of many
// sites do not all come at once: a whole number of seconds below the spread, the same
// whenever and wherever it is asked for. It needs no list of the others.
func ShiftOf(site, schedule string, spread time.Duration) time.Duration {
	seconds := uint64(max(spread, 0) / time.Second)
	if seconds == 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(site + "\x00" + schedule)) // it never fails: see hash.Hash
	// The low bits of FNV-1a alone tell names apart that end alike.
	sum := h.Sum64()
	sum ^= sum >> 32
	return time.Duration(sum%seconds) * time.Second //nolint:gosec // G115: below MaxSpread
}

// shifts says whether the schedule has slots that can be shifted.
func (s Schedule) shifts() bool { return s.Shift > 0 && !s.Continuous && s.Once.IsZero() }
