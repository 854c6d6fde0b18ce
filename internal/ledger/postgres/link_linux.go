package postgres

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// unacknowledged bounds how long sent data may stay unacknowledged (tcp(7),
// TCP_USER_TIMEOUT); without it Linux retransmits for about 15 minutes.
func unacknowledged(c net.Conn, limit time.Duration) error {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil // a socket of this machine
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit/time.Millisecond))
	})
	return errors.Join(err, set)
}
