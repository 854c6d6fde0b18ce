package app

import (
	"errors"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

// disk remembers that nothing could be written, until something is again, or
// nothing has been tried for a while.
type disk struct {
	mu    sync.Mutex
	why   string
	since time.Time
	last  time.Time
	// wrote is closed by the first commit after the trouble.
	wrote <-chan struct{}
}

// diskMemory is how long trouble is told of after it was last met.
const diskMemory = 5 * time.Minute

// note looks at the error of a write for trouble with the medium.
func (d *disk) note(l *ledger.Ledger, err error) {
	u, ok := errors.AsType[*ledger.Unavailable](err)
	if !ok {
		return
	}
	now := ledger.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.troubled(now) {
		d.since, d.wrote = now, l.Changed()
	}
	d.why, d.last = u.Why, now
}

func (d *disk) troubled(now time.Time) bool {
	if d.wrote == nil || now.Sub(d.last) > diskMemory {
		return false
	}
	select {
	case <-d.wrote:
		return false
	default:
		return true
	}
}

// trouble is why and since when nothing can be written; "" when all is well.
func (d *disk) trouble() (why string, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.troubled(ledger.Now()) {
		return "", time.Time{}
	}
	return d.why, d.since
}
