package problem

import (
	"errors"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

// Disk remembers that the ledger can't be written, until a write succeeds or
// none has been tried for a while.
type Disk struct {
	ledger *ledger.Ledger

	mu    sync.Mutex
	why   string
	since time.Time
	last  time.Time
	// written is closed by the first commit after the trouble.
	written <-chan struct{}
}

// diskMemory is how long trouble is reported after the last failed write.
const diskMemory = 5 * time.Minute

// NewDisk watches the writes of a ledger.
func NewDisk(l *ledger.Ledger) *Disk { return &Disk{ledger: l} }

// Note looks at the error of a write for trouble with the disk.
func (d *Disk) Note(err error) {
	u, ok := errors.AsType[*ledger.Unavailable](err)
	if !ok {
		return
	}
	now := ledger.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.troubled(now) {
		d.since, d.written = now, d.ledger.Changed()
	}
	d.why, d.last = u.Why, now
}

func (d *Disk) troubled(now time.Time) bool {
	if d.written == nil || now.Sub(d.last) > diskMemory {
		return false
	}
	select {
	case <-d.written:
		return false
	default:
		return true
	}
}

// Trouble gives why and since when the ledger can't be written; "" when it can.
func (d *Disk) Trouble() (why string, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.troubled(ledger.Now()) {
		return "", time.Time{}
	}
	return d.why, d.since
}
