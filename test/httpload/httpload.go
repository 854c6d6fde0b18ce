// Package httpload sends prepared requests, for benchmarks whose clients share
// the machine with the server that they measure, and so must cost little.
package httpload

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"time"
)

// Number is what stands in a request for its number: each that is sent has
// another one in its place.
const Number = "00000000"

// Line is a connection over which one request is sent again and again, one at
// a time.
type Line struct {
	conn   net.Conn
	in     *textproto.Reader
	text   []byte
	number []byte // its place in text
	status []byte
}

// Dial connects to a host and port. request is the text of a whole request with
// Number once in its head; each answer must begin with status, such as
// "HTTP/1.1 201", and tell its length.
func Dial(ctx context.Context, host, request, status string) (*Line, error) {
	text := []byte(request)
	at := bytes.Index(text, []byte(Number))
	if at < 0 {
		return nil, errors.New("the request has no place for its number")
	}
	l, err := Connect(ctx, host, status)
	if err != nil {
		return nil, err
	}
	l.text, l.number = text, text[at:at+len(Number)]
	return l, nil
}

// Connect connects to a host and port, for requests that differ in more than their
// number: see SendText.
func Connect(ctx context.Context, host, status string) (*Line, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &Line{conn: conn, in: textproto.NewReader(bufio.NewReaderSize(conn, 4<<10)), status: []byte(status)}, nil
}

// Close ends the connection.
func (l *Line) Close() error { return l.conn.Close() }

// Send sends the request with a number, and tells how long its answer took.
func (l *Line) Send(number int) (time.Duration, error) {
	copy(l.number, fmt.Appendf(nil, "%0*d", len(Number), number))
	return l.SendText(l.text)
}

// SendText sends the text of a whole request, and tells how long its answer took.
func (l *Line) SendText(text []byte) (time.Duration, error) {
	began := time.Now()
	if _, err := l.conn.Write(text); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	err := l.answer()
	return time.Since(began), err
}

// answer reads one answer.
func (l *Line) answer() error {
	status, err := l.in.ReadLineBytes()
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if !bytes.HasPrefix(status, l.status) {
		return fmt.Errorf("the answer is %q", status)
	}
	length := -1
	for {
		line, err := l.in.ReadLineBytes()
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return fmt.Errorf("read the answer's length: %w", err)
			}
		}
	}
	if length < 0 {
		return errors.New("the answer has no length")
	}
	if _, err := l.in.R.Discard(length); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}
