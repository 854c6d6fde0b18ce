package eventually_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/test/eventually"
)

// failing is a test that keeps the word it fails with.
type failing struct{ said string }

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic(f)
}

// fails gives what a test says that waits for something that never comes, and
// after how long.
func fails(wait func(t eventually.T)) (said string, after time.Duration) {
	f, began := &failing{}, time.Now()
	defer func() {
		if p := recover(); p != nil && p != any(f) {
			panic(p)
		}
		said, after = f.said, time.Since(began)
	}()
	wait(f)
	return
}

func TestWhatComesLateIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		due := time.Now().Add(eventually.Patience - time.Second)
		late := make(chan int, 1)
		time.AfterFunc(time.Until(due), func() { late <- 7 })
		if got := eventually.Receives(t, "a number", late); got != 7 {
			t.Errorf("received %d", got)
		}
		begun := time.Now()
		eventually.Holds(t, "a second", func() bool { return time.Since(begun) > time.Second })
		eventually.Succeeds(t, "another second", func() error {
			if time.Since(begun) < 2*time.Second {
				return errors.New("too early")
			}
			return nil
		})
		if got := eventually.Returns(t, "a call", func() int { time.Sleep(time.Second); return 8 }); got != 8 {
			t.Errorf("returned %d", got)
		}
	})
}

func TestWhatNeverComesFailsTheTestAndSaysWhat(t *testing.T) {
	for name, wait := range map[string]func(t eventually.T){
		"a condition": func(t eventually.T) { eventually.Holds(t, "the flood", func() bool { return false }) },
		"an error": func(t eventually.T) {
			eventually.Succeeds(t, "the flood", func() error { return errors.New("no rain") })
		},
		"a channel": func(t eventually.T) { eventually.Receives(t, "the flood", make(chan int)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				said, after := fails(wait)
				if !strings.Contains(said, "in vain for the flood") || name == "an error" && !strings.Contains(said, "no rain") {
					t.Errorf("it said %q", said)
				}
				if after < eventually.Patience || after > eventually.Patience+time.Second {
					t.Errorf("it gave up after %s", after)
				}
			})
		})
	}
}
