package app

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/atomicfile"
)

// backups makes one copy of the ledger at a time: each costs the disk as much
// again as the ledger, until it has been sent.
type backups struct{ underWay atomic.Bool }

const (
	// unsentBackup begins the names of the folders in which copies wait to be
	// sent. Nobody else's folder is called so: what a crash left is removed.
	unsentBackup = "unsent-backup-"
	// backupAgain is when to try again while another backup is made.
	backupAgain = 30 * time.Second
)

// backup sends a whole copy of the ledger as of now.
func (a *App) backup(w http.ResponseWriter, r *http.Request) {
	if !a.let(w, r, "", auth.Operator) {
		return
	}
	if !a.backups.underWay.CompareAndSwap(false, true) {
		p := problem.New(http.StatusTooManyRequests, "backup_under_way", "another backup is being made or fetched; one is made at a time, try again when it is there")
		a.problems.WriteRetry(w, r, p, backupAgain)
		return
	}
	defer a.backups.underWay.Store(false)
	dir, err := os.MkdirTemp(a.config.State, unsentBackup+"*")
	if err != nil {
		a.problems.Write(w, r, problem.New(http.StatusServiceUnavailable, "unavailable", "the state folder can't be written: "+err.Error()))
		return
	}
	defer a.removeBackup(dir)
	path := filepath.Join(dir, "pressrun.db")
	if err := a.ledger.Backup(r.Context(), path); err != nil {
		a.problems.Write(w, r, err)
		return
	}
	a.sendBackup(w, r, path)
}

// sendBackup sends a copy. One that can't be opened is refused while nothing
// has been said yet; one that breaks off ends the connection, so that nobody
// takes it for whole.
func (a *App) sendBackup(w http.ResponseWriter, r *http.Request, path string) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		a.problems.Write(w, r, fmt.Errorf("open a backup's copy: %w", err))
		return
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		a.problems.Write(w, r, fmt.Errorf("look at a backup's copy: %w", err))
		return
	}
	if err := sendFile(w, f, info.Size()); err != nil && r.Method != http.MethodHead {
		a.log.Warn("a backup did not arrive whole", "error", err)
		panic(http.ErrAbortHandler) // the server's own way to break an answer off
	}
}

// sendFile sends as many bytes as were promised. A reader that takes nothing for
// a while is let go: it would keep all others from theirs. Fewer bytes are seen
// by the server, which then ends the connection.
func sendFile(w http.ResponseWriter, f io.Reader, size int64) error {
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	w.Header().Set("Content-Disposition", `attachment; filename="pressrun.db"`)
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	return patiently(w, io.LimitReader(f, size))
}

func (a *App) removeBackup(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		a.log.Error("a backup's copy can't be removed", "folder", dir, "error", err)
	}
}

// removeLeft removes what an app left that was killed: files that it was
// writing, and copies of backups that it was sending. The ledger is open, so no
// other app uses the state folder.
func (a *App) removeLeft() {
	if err := atomicfile.RemoveLeft(a.config.State); err != nil {
		a.log.Error("unfinished files can't be removed", "error", err)
	}
	entries, err := os.ReadDir(a.config.State)
	if err != nil {
		a.log.Error("copies of backups that were not sent can't be looked for", "error", err)
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), unsentBackup) {
			a.log.Info("removing a backup's copy that was never sent", "folder", e.Name())
			a.removeBackup(filepath.Join(a.config.State, e.Name()))
		}
	}
}
