package ledger

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers tell apart.
var (
	// ErrNoSite: the site is not configured.
	ErrNoSite = errors.New("there is no such site")
	// ErrNotFound: there is no such request or release.
	ErrNotFound = errors.New("not found")
	// ErrClosed: the ledger has been closed.
	ErrClosed = errors.New("the ledger is closed")
	// ErrDamaged: the file is no database, or is torn. Restore a backup.
	ErrDamaged = errors.New("the ledger's file is damaged: restore a backup")
)

// Unavailable says that nothing can be written at the moment: the disk is
// full, read-only or failing. Nothing was changed; the same call may succeed
// later without a restart.
type Unavailable struct {
	Why string
	Err error
}

func (u *Unavailable) Error() string { return fmt.Sprintf("%s: %v", u.Why, u.Err) }

func (u *Unavailable) Unwrap() error { return u.Err }

// explain turns SQLite's errors about the medium into Unavailable or
// ErrDamaged.
func explain(err error) error {
	if err == nil {
		return nil
	}
	se, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	// The low byte is the primary code: sqlite.org/rescode.html.
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return &Unavailable{Why: "the disk is full", Err: err}
	case sqlite3.SQLITE_READONLY:
		return &Unavailable{Why: "the ledger's file is read-only", Err: err}
	case sqlite3.SQLITE_IOERR:
		return &Unavailable{Why: "the disk reports an error", Err: err}
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return &Unavailable{Why: "the ledger's file can't be opened", Err: err}
	case sqlite3.SQLITE_NOMEM:
		return &Unavailable{Why: "there is not enough memory", Err: err}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return &Unavailable{Why: "the ledger's file is locked by another program", Err: err}
	}
	return err
}

// readOnly says whether SQLite found the file to be read-only.
func readOnly(err error) bool {
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && se.Code()&0xff == sqlite3.SQLITE_READONLY
}
