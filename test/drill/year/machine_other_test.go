//go:build !linux

package year

import (
	"testing"
	"time"
)

// stateFolder is a folder on disk.
func stateFolder(t *testing.T) string { t.Helper(); return t.TempDir() }

// cpuTime is not known here.
func cpuTime(*testing.T) time.Duration { return 0 }
