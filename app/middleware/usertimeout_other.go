//go:build !linux

package middleware

import (
	"net"
	"time"
)

// SetUserTimeout does nothing here: the system decides how long a dead client
// keeps its connection.
func SetUserTimeout(net.Conn, time.Duration) error { return nil }
