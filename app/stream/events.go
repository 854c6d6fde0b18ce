package stream

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// Piece is a part of an event stream, encoded once for all readers.
type Piece struct {
	// chunk is the text as a chunk of HTTP/1.1 (RFC 9112, section 7.1).
	chunk []byte
	text  []byte // within chunk
}

// NewEvent encodes an event with its id (WHATWG HTML, section 9.2). data is one line.
func NewEvent(id int64, kind string, data []byte) Piece {
	return pieceOf(fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", id, kind, data))
}

func pieceOf(text []byte) Piece {
	chunk := fmt.Appendf(make([]byte, 0, len(text)+12), "%x\r\n", len(text))
	begin := len(chunk)
	chunk = append(append(chunk, text...), "\r\n"...)
	return Piece{chunk: chunk, text: chunk[begin : begin+len(text)]}
}

var (
	connected = pieceOf([]byte(": connected\nretry: 2000\n\n"))
	stillHere = pieceOf([]byte(": still here\n\n"))
	lastChunk = []byte("0\r\n\r\n")
)

// Events sends server-sent events to one reader.
type Events struct {
	out      io.Writer
	deadline func(time.Time) error
	flush    func() error
	chunked  bool // this package writes the chunks
}

// Send sends a piece; false if the reader has gone.
func (e *Events) Send(p Piece) bool {
	text := p.text
	if e.chunked {
		text = p.chunk
	}
	return e.write(text)
}

// KeepAlive sends a comment that keeps the connection alive; false if the reader has gone.
func (e *Events) KeepAlive() bool { return e.Send(stillHere) }

func (e *Events) write(text []byte) bool {
	if err := e.deadline(time.Now().Add(writeLimit)); err != nil {
		return false
	}
	if _, err := e.out.Write(text); err != nil {
		return false
	}
	return e.flush() == nil
}

// Stream is an event stream for one reader.
type Stream struct {
	// Tell sends until it returns. Its context ends when the reader goes, and has the
	// values of the call's.
	Tell func(context.Context, *Events)
	// Over is called when the stream has ended and its connection is closed.
	Over func()
	Log  *slog.Logger
}

// Serve answers a call with the stream.
//
// Over HTTP/1 it goes on after Serve has returned, on the hijacked connection: net/http's
// memory for a call (two buffers of 4 kB and one of 2, and the stack of all middleware) would
// be wasted on a stream that is silent for hours.
func (s Stream) Serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close") // no call can follow on this connection
	}
	if r.Method == http.MethodHead {
		s.Over()
		return
	}
	rc := http.NewResponseController(w)
	out := &Events{out: w, deadline: rc.SetWriteDeadline, flush: rc.Flush}
	if out.Send(connected) {
		if conn, _, err := rc.Hijack(); err == nil { // input after the call is dropped
			// net/http has begun to write chunks; this package writes the rest.
			out = &Events{out: conn, deadline: conn.SetWriteDeadline, flush: func() error { return nil }, chunked: r.ProtoAtLeast(1, 1)}
			go s.bare(context.WithoutCancel(r.Context()), conn, out)
			return
		}
		s.Tell(r.Context(), out) // HTTP/2 shares its connection, and needs little for a stream
	}
	s.Over()
}

// lastWithin bounds the write of the last chunk: the app may be stopping.
const lastWithin = time.Second

// bare runs the stream on its hijacked connection.
func (s Stream) bare(ctx context.Context, conn net.Conn, out *Events) {
	defer s.Over()
	defer func() { _ = conn.Close() }() // the reader may have closed it
	defer func() {
		if broken := recover(); broken != nil { // as net/http does: one stream is not the app
			s.Log.ErrorContext(ctx, "an event stream broke off", "error", broken, "stack", string(debug.Stack()))
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		await(conn)
	}()
	s.Tell(ctx, out)
	if out.chunked && ctx.Err() == nil && conn.SetWriteDeadline(time.Now().Add(lastWithin)) == nil {
		_, _ = conn.Write(lastChunk) // the reader may go at the same time
	}
}

// await returns when the reader has gone. Its input is dropped.
func await(conn net.Conn) {
	var ignored [64]byte
	for {
		if _, err := conn.Read(ignored[:]); err != nil {
			return
		}
	}
}
