package stream

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
)

// MostAccount bounds an account, in bytes: JSON lines, not compressed.
const MostAccount = 64 << 20

// OpenAccount reads a stored account, MostAccount of it at most.
func OpenAccount(kept []byte) (io.Reader, error) {
	lines, err := gzip.NewReader(bytes.NewReader(kept))
	if err != nil {
		return nil, fmt.Errorf("read an account: %w", err)
	}
	return io.LimitReader(lines, MostAccount), nil
}

// Account sends an account as a file.
func Account(w http.ResponseWriter, r *http.Request, log *slog.Logger, name string, kept []byte) error {
	lines, err := OpenAccount(kept)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := io.Copy(w, lines); err != nil && r.Context().Err() == nil {
		log.Warn("an account did not arrive whole", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler) // so that nobody takes it for whole
	}
	return nil
}
