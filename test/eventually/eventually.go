// Package eventually waits in tests for what other processes, and goroutines
// outside of a testing/synctest bubble, do in their own time.
//
// It is no stopwatch: Patience is so long that a busy machine never uses it up,
// and a test that needs something to happen soon must show it by what happens
// first, or by a clock of its own.
package eventually

import "time"

// Patience is how long is waited for something that must come.
const Patience = 3 * time.Minute

// The pause between two looks grows, so that many a test that waits leaves the CPU to what
// it waits for.
const (
	firstPause   = time.Millisecond
	longestPause = 50 * time.Millisecond
)

// longer is the pause after another.
func longer(pause time.Duration) time.Duration { return min(pause*5/4, longestPause) }

// T is the part of testing.TB that is used; rapid.T has it too.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Holds waits until holds says so, and fails the test when Patience is over.
// what completes the sentence "waited in vain for". It is called in the test's
// own goroutine, as all of the package.
func Holds(t T, what string, holds func() bool) {
	t.Helper()
	for deadline, pause := time.Now().Add(Patience), firstPause; !holds(); pause = longer(pause) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s", Patience, what)
		}
		time.Sleep(pause)
	}
}

// Succeeds waits until try gives no error; the last one tells why it never did.
func Succeeds(t T, what string, try func() error) {
	t.Helper()
	for deadline, pause := time.Now().Add(Patience), firstPause; ; pause = longer(pause) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s: %v", Patience, what, err)
		}
		time.Sleep(pause)
	}
}

// Receives waits for a value from a channel; a closed one gives its zero value.
func Receives[V any](t T, what string, from <-chan V) V {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	select {
	case v := <-from:
		return v
	case <-deadline.C:
		t.Fatalf("waited %s in vain for %s", Patience, what)
		panic("Fatalf returned")
	}
}

// Returns gives what f returns, and fails the test when it does not return.
func Returns[V any](t T, what string, f func() V) V {
	t.Helper()
	returned := make(chan V, 1)
	go func() { returned <- f() }()
	return Receives(t, what, returned)
}
