package stream

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// writeLimit is how long a reader may take to accept a piece.
const writeLimit = 30 * time.Second

// Copy sends a whole body. It gives the client 30 seconds to take each piece: one that takes
// nothing must not keep the source open for ever.
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

// Text sends a text of any length. If it breaks off, the connection ends, so that the text
// does not look whole.
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
