package s3

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// stallPiece is how much of a body is handed to the network in one go: even a
// link of 1 kB/s takes it within a minute.
const stallPiece = 64 << 10

// stallConn ends a connection on which nothing moves any more, in neither
// direction. The HTTP client bounds the wait for an answer's first byte alone: a
// body that got stuck on its way, there or back, would else hang for as long as
// the kernel keeps the connection.
type stallConn struct {
	net.Conn
	limit   time.Duration
	closing atomic.Bool // the TLS layer says farewell under a deadline of its own
}

func (c *stallConn) Read(p []byte) (int, error) {
	if err := c.moved(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write writes in pieces, each of which puts the end off: also for the read that
// waits meanwhile for the answer.
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

// SetWriteDeadline leaves the deadlines to the caller from here on.
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

// endStalled makes connections that end when nothing moves on them for a while.
func endStalled(dial dialFunc, limit time.Duration) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &stallConn{Conn: conn, limit: limit}, nil
	}
}
