package export

import (
	"fmt"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/text"
)

// Progress is the progress of a pass.
type Progress struct {
	// Phase is reading, checking or writing; Round counts the looks at what changed.
	Phase string
	Round int
	// Done and Total are requests; Total grows while lists are found out to be longer.
	Done, Total int
	Records     int
	Elapsed     time.Duration
}

// Left estimates the time that the known requests will take at the rate so far; ok is
// false while that is not known.
func (p Progress) Left() (left time.Duration, ok bool) {
	if p.Done < 3 || p.Total <= p.Done || p.Elapsed < time.Second {
		return 0, false
	}
	return p.Elapsed / time.Duration(p.Done) * time.Duration(p.Total-p.Done), true
}

// String describes a pass's progress for people: the rate, and the time that is left.
func (p Progress) String() string {
	words := p.Phase
	if p.Total > 0 {
		words += fmt.Sprintf(": %d of %s, %s", p.Done, text.Count(p.Total, "request"), text.Count(p.Records, "record"))
	}
	if p.Elapsed >= time.Second && p.Done > 0 {
		words += fmt.Sprintf(", %.0f requests/s", float64(p.Done)/p.Elapsed.Seconds())
	}
	if left, ok := p.Left(); ok {
		words += ", about " + left.Round(time.Second).String() + " left"
	}
	return words
}

// Throttle calls tell at each new phase, and else once in the time every.
func Throttle(now func() time.Time, every time.Duration, tell func(Progress)) func(Progress) {
	var mu sync.Mutex
	phase, last := "", time.Time{}
	return func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		at := now()
		if p.Phase == phase && at.Sub(last) < every {
			return
		}
		phase, last = p.Phase, at
		tell(p)
	}
}
