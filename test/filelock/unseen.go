package filelock

import "time"

// unseen is for a system that does not show who waits for a lock: most who would, do so
// after this time.
func unseen() bool {
	time.Sleep(100 * time.Millisecond)
	return true
}
