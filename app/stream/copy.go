package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// patiently sends all that it reads. It gives each piece writeLimit to be taken:
// a reader that takes nothing must not keep what is read open for ever.
func patiently(w http.ResponseWriter, from io.Reader) error {
	rc := http.NewResponseController(w)
	_, err := io.Copy(&patientWriter{w, rc}, from)
	return errors.Join(err, rc.SetWriteDeadline(time.Time{})) // the connection may carry more calls
}

type patientWriter struct {
	w  io.Writer
	rc *http.ResponseController
}

func (p *patientWriter) Write(piece []byte) (int, error) {
	if err := p.rc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return 0, err
	}
	return p.w.Write(piece)
}

// sendText sends a text of any length. One that breaks off ends the connection:
// it must not look whole.
func (a *App) sendText(w http.ResponseWriter, r *http.Request, from io.Reader) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := patiently(w, from); err != nil && r.Method != http.MethodHead {
		logUnlessGone(r.Context(), a.log, slog.LevelWarn, "an output did not arrive whole", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler) // the server's own way to break an answer off
	}
}

// logUnlessGone logs an error of a call whose caller still waits: a caller who
// has gone ends all reads of the call, and that is no fault.
func logUnlessGone(ctx context.Context, log *slog.Logger, level slog.Level, message string, args ...any) {
	if ctx.Err() == nil {
		log.Log(ctx, level, message, args...) //nolint:sloglint // its callers' messages are constants
	}
}
