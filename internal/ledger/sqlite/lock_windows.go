//go:build windows

package sqlite

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// acquire takes the lock that keeps a second process off the file. Windows releases it
// when the process ends, however it ends.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the ledger's lock: %w", err)
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return nil, errors.Join(&database.InUse{Path: path}, f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the ledger %s: %w", path, err), f.Close())
	}
	return f, nil
}
