package ledger

import (
	"sync/atomic"
	"time"
)

// skew is how far the database's clock is ahead of this machine's, in microseconds. It
// belongs to the process, not to one ledger: all decisions of a process use one clock.
var skew atomic.Int64

// clockTolerance is the difference between two clocks that is not corrected.
const clockTolerance = time.Second

// compareClocks sets the skew by a reading of the database's clock between two of this machine's.
func compareClocks(before, said, after time.Time) {
	ahead := said.Sub(before.Add(after.Sub(before) / 2))
	if ahead.Abs() < clockTolerance {
		ahead = 0
	}
	skew.Store(ahead.Microseconds())
}

// Skew is how far the ledger's clock is ahead of this machine's; 0 where they agree to a
// second.
func Skew() time.Duration { return time.Duration(skew.Load()) * time.Microsecond }

// now is the time to decide by, as precise as it is stored.
func now() time.Time { return time.Now().UTC().Add(Skew()).Truncate(time.Microsecond) }

// Now is the time by which the ledger decides: the database's, where several processes
// share it.
func Now() time.Time { return now() }
