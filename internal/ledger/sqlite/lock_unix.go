//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// acquire takes the lock that keeps a second process off the file. The operating system
// releases it when the process ends, however it ends; child processes do not inherit it
// (Go opens files close-on-exec).
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the ledger's lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock the ledger %s: %w", path, err), f.Close())
		}
		holder, _ := io.ReadAll(io.LimitReader(f, 100)) // only to name it
		return nil, errors.Join(&database.InUse{Path: path, Holder: strings.TrimSpace(string(holder))}, f.Close())
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "process %d\n", os.Getpid()) // only to be named by the next one
	}
	return f, nil
}
