package middleware

import (
	"net/http"
	"time"
)

// BodyLimit is how long the body of a call may take to arrive: a caller without credentials
// must not occupy a connection and its memory. The server also waits for the rest of a body
// that no handler read.
const BodyLimit = 30 * time.Second

// ReadWithin bounds the wait for the rest of a call's body.
func ReadWithin(w http.ResponseWriter, span time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(span)) // a test's recorder has none
}

// BodyDeadline bounds the wait for the body of every call, read or not.
type BodyDeadline struct {
	Wait time.Duration
	Next http.Handler
}

// ServeHTTP sets the deadline and goes on.
func (b *BodyDeadline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 { // without a body the deadline would end streams
		ReadWithin(w, b.Wait)
	}
	b.Next.ServeHTTP(w, r)
}
