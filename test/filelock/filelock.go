// Package filelock sees in tests that this process waits for the lock of a file (flock).
package filelock

import "github.com/pressrun/pressrun/test/eventually"

// Awaited waits until a goroutine of this process waits for the lock of a file, or until
// over says that it got by without.
func Awaited(t eventually.T, over func() bool) {
	t.Helper()
	eventually.Holds(t, "somebody who waits for the lock", func() bool { return over() || awaited() })
}
