//go:build !linux

package postgres

import (
	"net"
	"time"
)

// unacknowledged can't be bounded here; keep-alives find the dead end.
func unacknowledged(net.Conn, time.Duration) error { return nil }
