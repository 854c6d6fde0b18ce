package calendar

import (
	"hash/fnv"
	"time"
)

// MaxSpread bounds the span over which the slots of many sites are spread.
const MaxSpread = time.Hour

// ShiftOf is the delay of the slots of a site's schedule, so that those of many sites do
// not all come at once: a whole number of seconds below the spread, derived from the
// names alone, so that it is always the same.
func ShiftOf(site, schedule string, spread time.Duration) time.Duration {
	seconds := uint64(max(spread, 0) / time.Second)
	if seconds == 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(site + "\x00" + schedule)) // it never fails: see hash.Hash
	// In FNV-1a only the low bits differ enough for names with equal ends.
	sum := h.Sum64()
	sum ^= sum >> 32
	return time.Duration(sum%seconds) * time.Second //nolint:gosec // G115: below MaxSpread
}

// shifts says whether the schedule has slots that can be shifted.
func (s Schedule) shifts() bool { return s.Shift > 0 && !s.Continuous && s.Once.IsZero() }
