package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// silence is how long the server may say nothing while something is asked of it: longer
// than it may work at a statement. After it the connection is given up, so that nobody
// waits for a machine that lost its power or its network.
const silence = statementLimit + 3*time.Second

// errSilent ends a connection. It is no timeout of the caller's: there is no use in
// reading on.
var errSilent = errors.New("the database has said nothing for " + silence.String())

// dial opens a connection that gives up by itself.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{
		Timeout:         connectLimit,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := unacknowledged(conn, silence); err != nil {
		return nil, errors.Join(fmt.Errorf("set how long the database may acknowledge nothing: %w", err), conn.Close())
	}
	return &link{Conn: conn}, nil
}

// link is a connection that fails when the other end says nothing for too long.
type link struct {
	net.Conn

	mu sync.Mutex
	// own says that whoever uses the connection has set a deadline: it counts.
	own bool
}

// SetDeadline is that of net.Conn.
func (l *link) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.own = !t.IsZero()
	return l.Conn.SetDeadline(t)
}

// SetReadDeadline is that of net.Conn.
func (l *link) SetReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.own = !t.IsZero()
	return l.Conn.SetReadDeadline(t)
}

// Read is that of net.Conn.
func (l *link) Read(into []byte) (int, error) {
	bounded, err := l.bound()
	if err != nil {
		return 0, err
	}
	n, err := l.Conn.Read(into)
	if err != nil && bounded && errors.Is(err, os.ErrDeadlineExceeded) && !l.owned() {
		err = errSilent
	}
	return n, err
}

// bound bounds the next reading, unless whoever uses the connection has.
func (l *link) bound() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.own {
		return false, nil
	}
	return true, l.Conn.SetReadDeadline(time.Now().Add(silence))
}

func (l *link) owned() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.own
}
