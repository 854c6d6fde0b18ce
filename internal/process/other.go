//go:build !linux

package process

import (
	"fmt"
	"os"
	"syscall"
)

// Identity names a process. Only on Linux does it exclude a later one with the same number.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start,omitempty"`
	Boot  string `json:"boot,omitempty"`
}

// Self is the identity of this process.
func Self() (Identity, error) { return Identity{PID: os.Getpid()}, nil }

// Alive says whether a process has the number.
func (i Identity) Alive() bool {
	p, err := os.FindProcess(i.PID)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

// Signal sends a signal to the process.
func (i Identity) Signal(sig syscall.Signal) error {
	p, err := os.FindProcess(i.PID)
	if err != nil {
		return os.ErrProcessDone
	}
	if err := p.Signal(sig); err != nil {
		return fmt.Errorf("signal process %d: %w", i.PID, err)
	}
	return nil
}

// ReapOrphans does nothing: only Linux can make this process the parent of its orphaned
// descendants.
func ReapOrphans() error { return nil }

// EndDescendants ends every descendant of this process, on Linux.
func EndDescendants() int { return 0 }

// EndBelow ends every descendant of another process, on Linux.
func EndBelow(Identity) int { return 0 }

// EndMarked ends every process with an entry in its environment, on Linux.
func EndMarked(string) int { return 0 }

// EndSession ends the remaining processes of a session, on Linux.
func EndSession(Identity) int { return 0 }
