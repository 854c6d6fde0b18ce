package stream

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// writeLimit is how long a reader may take to accept a piece.
const writeLimit = 30 * time.Second

// Copy sends all that it reads. It gives each piece 30 seconds to be taken: a
// reader that takes nothing must not keep what is read open for ever.
func Copy(w http.ResponseWriter, from io.Reader) error {
	rc := http.NewResponseController(w)
	_, err := io.Copy(&boundedWriter{w, rc}, from)
	return errors.Join(err, rc.SetWriteDeadline(time.Time{})) // the connection may carry more calls
}

type boundedWriter struct {
	w  io.Writer
	rc *http.ResponseController
}

func (b *boundedWriter) Write(piece []byte) (int, error) {
	if err := b.rc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return 0, err
	}
	return b.w.Write(piece)
}

// Text sends a text of any length. One that breaks off ends the connection, so
// that it does not look whole.
func Text(w http.ResponseWriter, r *http.Request, log *slog.Logger, from io.Reader) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	err := Copy(w, from)
	if err == nil || r.Method == http.MethodHead {
		return
	}
	if r.Context().Err() == nil { // a reader who has gone is no fault
		log.Warn("an output did not arrive whole", "path", r.URL.Path, "error", err)
	}
	panic(http.ErrAbortHandler) // the server's own way to break an answer off
}

// Events sends server-sent events (WHATWG HTML, section 9.2).
type Events struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

// NewEvents begins an event stream; false if its reader has gone.
func NewEvents(w http.ResponseWriter) (*Events, bool) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	e := &Events{w: w, rc: http.NewResponseController(w)}
	return e, e.send(": connected\nretry: 2000\n\n")
}

// Send sends an event with its id; false if the reader has gone.
func (e *Events) Send(id int64, kind string, data []byte) bool {
	return e.send(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", id, kind, data))
}

// KeepAlive tells the reader that the stream lives; false if it has gone.
func (e *Events) KeepAlive() bool { return e.send(": still here\n\n") }

func (e *Events) send(piece string) bool {
	if err := e.rc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return false
	}
	if _, err := e.w.Write([]byte(piece)); err != nil {
		return false
	}
	return e.rc.Flush() == nil
}
