package api

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Backups makes one copy of the ledger at a time: each costs the disk as much
// again as the ledger, until it has been sent.
type Backups struct {
	guard
	ledger   *ledger.Ledger
	state    string
	underWay atomic.Bool
}

const (
	// unsentBackup begins the names of the folders in which copies wait to be sent.
	// No other folder's name does: those that a crash left are removed.
	unsentBackup = "unsent-backup-"
	// backupAgain is when to try again while another backup is made.
	backupAgain = 30 * time.Second
)

// serve sends a whole copy of the ledger as of now.
func (b *Backups) serve(w http.ResponseWriter, r *http.Request) {
	if !b.admitAll(w, r, auth.Operator) {
		return
	}
	if !b.underWay.CompareAndSwap(false, true) {
		p := problem.New(http.StatusTooManyRequests, "backup_under_way", "another backup is being made or fetched; one is made at a time, try again when it is there")
		b.problems.WriteRetry(w, r, p, backupAgain)
		return
	}
	defer b.underWay.Store(false)
	dir, err := os.MkdirTemp(b.state, unsentBackup+"*")
	if err != nil {
		b.problems.Write(w, r, problem.New(http.StatusServiceUnavailable, "unavailable", "the state folder can't be written: "+err.Error()))
		return
	}
	defer removeBackup(dir, b.log)
	path := filepath.Join(dir, "pressrun.db")
	if err := b.ledger.Backup(r.Context(), path); err != nil {
		b.problems.Write(w, r, err)
		return
	}
	b.send(w, r, path)
}

// send sends a copy. A copy that can't be opened is answered with an error; one that
// breaks off under way ends the connection, so that nobody takes it for whole.
func (b *Backups) send(w http.ResponseWriter, r *http.Request, path string) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		b.problems.Write(w, r, fmt.Errorf("open a backup's copy: %w", err))
		return
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		b.problems.Write(w, r, fmt.Errorf("look at a backup's copy: %w", err))
		return
	}
	if err := sendFile(w, f, info.Size()); err != nil && r.Method != http.MethodHead {
		b.log.Warn("a backup did not arrive whole", "error", err)
		panic(http.ErrAbortHandler) // the server's own way to break an answer off
	}
}

// sendFile sends the promised number of bytes. A reader that takes nothing for a while is
// cut off: backups are made one at a time, and others wait. If the file has fewer bytes,
// net/http ends the connection.
func sendFile(w http.ResponseWriter, f io.Reader, size int64) error {
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	w.Header().Set("Content-Disposition", `attachment; filename="pressrun.db"`)
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	return stream.Copy(w, io.LimitReader(f, size))
}

func removeBackup(dir string, log *slog.Logger) {
	if err := os.RemoveAll(dir); err != nil {
		log.Error("a backup's copy can't be removed", "folder", dir, "error", err)
	}
}

// RemoveUnsent removes the copies of backups that a killed app left in the state folder.
// No other app may use the folder.
func RemoveUnsent(state string, log *slog.Logger) {
	entries, err := os.ReadDir(state)
	if err != nil {
		log.Error("copies of backups that were not sent can't be looked for", "error", err)
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), unsentBackup) {
			log.Info("removing a backup's copy that was never sent", "folder", e.Name())
			removeBackup(filepath.Join(state, e.Name()), log)
		}
	}
}
