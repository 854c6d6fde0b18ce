package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// Explain turns SQLite's errors of the disk or the file into a *database.Unavailable or
// database.ErrDamaged.
func (*File) Explain(err error) error { return explain(err) }

// Stuck says whether SQLite found the file to be read-only: a connection that was opened
// so stays read-only.
func (*File) Stuck(err error) bool { return readOnly(err) }

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
		return &database.Unavailable{Why: "the disk is full", Err: err}
	case sqlite3.SQLITE_READONLY:
		return &database.Unavailable{Why: "the ledger's file is read-only", Err: err}
	case sqlite3.SQLITE_IOERR:
		return &database.Unavailable{Why: "the disk reports an error", Err: err}
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return &database.Unavailable{Why: "the ledger's file can't be opened", Err: err}
	case sqlite3.SQLITE_NOMEM:
		return &database.Unavailable{Why: "there is not enough memory", Err: err}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w (%w)", database.ErrDamaged, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return &database.Unavailable{Why: "the ledger's file is locked by another program", Err: err}
	}
	return err
}

// readOnly says whether SQLite found the file to be read-only.
func readOnly(err error) bool {
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && se.Code()&0xff == sqlite3.SQLITE_READONLY
}
