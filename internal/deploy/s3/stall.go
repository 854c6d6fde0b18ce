package s3

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// stallPiece is the size of one write to the network, in bytes: even a link of 1 kB/s takes
// it within a minute.
const stallPiece = 64 << 10

// stallConn ends a connection that is idle in both directions. The HTTP client has a timeout
// for an answer's first byte alone: a body that stalls would hang for as long as the kernel
// keeps the connection.
type stallConn struct {
	net.Conn
	limit   time.Duration
	closing atomic.Bool // TLS closes the connection under its own deadline
}

func (c *stallConn) Read(p []byte) (int, error) {
	if err := c.moved(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write writes in pieces, and extends the deadline for each, also that of a read at the same
// time.
func (c *stallConn) Write(p []byte) (int, error) {
	for done := 0; ; {
		if err := c.moved(); err != nil {
			return done, err
		}
		n, err := c.Conn.Write(p[done:min(len(p), done+stallPiece)])
		done += n
		if err != nil || done == len(p) {
			return done, err
		}
	}
}

// SetWriteDeadline leaves all deadlines to the caller from then on.
func (c *stallConn) SetWriteDeadline(t time.Time) error {
	c.closing.Store(true)
	return c.Conn.SetWriteDeadline(t)
}

func (c *stallConn) moved() error {
	if c.closing.Load() {
		return nil
	}
	return c.SetDeadline(time.Now().Add(c.limit))
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// endStalled makes connections that end after being idle for the limit.
func endStalled(dial dialFunc, limit time.Duration) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &stallConn{Conn: conn, limit: limit}, nil
	}
}
