//go:build !linux

package postgres

import (
	"net"
	"time"
)

// unacknowledged does nothing: this system has no such option, and keep-alives find a dead peer.
func unacknowledged(net.Conn, time.Duration) error { return nil }
