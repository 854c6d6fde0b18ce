package main

import (
	"context"
	"io"
	"net"
	"time"
)

// line forwards connections to a server, and holds back what it answers by a
// latency, whatever its amount: as a long way does, and not as a narrow one.
func line(ctx context.Context, server string, latency time.Duration) (address string, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		<-ctx.Done()
		_ = l.Close()
	}()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go forward(ctx, client, server, latency)
		}
	}()
	return l.Addr().String(), nil
}

func forward(ctx context.Context, client net.Conn, server string, latency time.Duration) {
	defer func() { _ = client.Close() }()
	upstream, err := (&net.Dialer{}).DialContext(ctx, "tcp", server)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	go func() {
		_, _ = io.Copy(upstream, client)
		_ = upstream.Close()
	}()
	delay(client, upstream, latency)
}

// piece is some bytes and when they are due.
type piece struct {
	due  time.Time
	data []byte
}

func delay(to io.Writer, from io.Reader, latency time.Duration) {
	pieces := make(chan piece, 256)
	go func() {
		defer close(pieces)
		for {
			buf := make([]byte, 32<<10)
			n, err := from.Read(buf)
			if n > 0 {
				pieces <- piece{time.Now().Add(latency), buf[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	for range pieces { // let the reader end
	}
}
