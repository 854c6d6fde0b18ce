package middleware

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// CloseUnread closes the connection after every answer that begins before the
// body of its call was read to the end. The rest of such a body may still arrive, and the
// server would read it as the next call of an open connection: "A server MUST read the entire request message body or close the
// connection after sending its response" (RFC 9112, section 9.3). Behind a proxy
// that shares connections, another client would get the answer to it.
//
// net/http does so too, but only while Body of its own Request is the one that it
// made (https://go.dev/src/net/http/server.go, writeHeader and
// closedRequestBodyEarly). So next gets a copy of the Request.
func CloseUnread(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &trackedBody{from: r.Body}
		if r.Body == nil || r.Body == http.NoBody {
			body.ended.Store(true)
		}
		called := r.WithContext(r.Context()) // a copy
		called.Body = body
		out := &closingWriter{ResponseWriter: w, body: body}
		next.ServeHTTP(out, called)
		out.begin() // an answer of which the handler wrote nothing
	})
}

// trackedBody knows whether a body was read to its end.
type trackedBody struct {
	from  io.ReadCloser
	ended atomic.Bool
}

func (b *trackedBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if errors.Is(err, io.EOF) {
		b.ended.Store(true)
	}
	return n, err
}

// Close does nothing. The server reads some of the rest after it has sent the answer, so
// that a caller who is still sending sees it; a close here would delay the answer until
// then.
func (b *trackedBody) Close() error { return nil }

// closingWriter lets the connection be closed when an answer begins too early.
type closingWriter struct {
	http.ResponseWriter
	body  *trackedBody
	begun bool
}

// Unwrap is for http.ResponseController.
func (c *closingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *closingWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		c.begin()
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *closingWriter) Write(piece []byte) (int, error) {
	c.begin()
	return c.ResponseWriter.Write(piece)
}

// FlushError sends what was written, and begins the answer if nothing was.
func (c *closingWriter) FlushError() error {
	c.begin()
	return http.NewResponseController(c.ResponseWriter).Flush()
}

func (c *closingWriter) begin() {
	if c.begun {
		return
	}
	c.begun = true
	if !c.body.ended.Load() {
		c.Header().Set("Connection", "close")
	}
}
