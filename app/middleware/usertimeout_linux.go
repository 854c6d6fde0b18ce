package middleware

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// SetUserTimeout ends a connection whose other end acknowledges no sent data for the limit
// (tcp(7), TCP_USER_TIMEOUT): a machine that lost its power or its network closes nothing,
// and by default Linux sends again for about 15 minutes. Deadlines of writes don't help: the
// kernel buffers a small write at once, whether or not the other end is there.
func SetUserTimeout(c net.Conn, limit time.Duration) error {
	raw, ok := c.(syscall.Conn)
	if !ok {
		return nil // no connection of TCP
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return fmt.Errorf("reach the connection's socket: %w", err)
	}
	var set error
	err = control.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit/time.Millisecond))
	})
	return errors.Join(err, set)
}
