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

// silence is how long the server may send nothing while it owes an answer: longer than
// statementLimit. Then the connection is closed, so that nobody waits for a machine that
// lost its power or its network.
const silence = statementLimit + 3*time.Second

// errSilent ends a connection. It is not a net.Error with Timeout, since reading on is of no use.
var errSilent = errors.New("the database has said nothing for " + silence.String())

// dial opens a connection that closes itself when the server is silent.
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
		return nil, errors.Join(fmt.Errorf("set the TCP user timeout: %w", err), conn.Close())
	}
	return &link{Conn: conn}, nil
}

// link is a connection that fails when the server is silent for too long.
type link struct {
	net.Conn

	mu sync.Mutex
	// own says that the user of the connection has set a deadline, which then counts.
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

// bound sets a deadline for the next read, unless the user of the connection has set one.
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
