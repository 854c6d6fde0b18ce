package scheduler

import (
	"testing"
	"time"
)

func TestAClockThatIsSetWakesTheScheduler(t *testing.T) {
	for name, c := range map[string]struct {
		byClock, byTimer time.Duration
		set              bool
	}{
		"nothing happened":        {time.Minute, time.Minute, false},
		"corrected by a little":   {15*time.Second + 300*time.Millisecond, 15 * time.Second, false},
		"the machine slept":       {9 * time.Hour, 15 * time.Second, true},
		"put forward":             {time.Minute, 15 * time.Second, true},
		"put back":                {-time.Hour, 15 * time.Second, true},
		"put back by two seconds": {13 * time.Second, 15 * time.Second, true},
	} {
		if got := clockWasSet(c.byClock, c.byTimer); got != c.set {
			t.Errorf("%s: set is %v", name, got)
		}
	}
}
