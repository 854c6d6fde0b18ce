package middleware

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// SetUserTimeout ends a connection whose other end has acknowledged nothing of
// what was sent for so long (tcp(7), TCP_USER_TIMEOUT): a machine that lost its
// power or its network does not say that it leaves, and by default Linux goes on
// for about 15 minutes. Deadlines of writes can't tell: the kernel takes a small
// piece at once, even if nobody is there to read it.
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
