package ledger

import (
	"errors"

	"github.com/pressrun/pressrun/internal/ledger/database"
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
	ErrDamaged = database.ErrDamaged
)

type (
	// Unavailable says that nothing can be written at the moment.
	Unavailable = database.Unavailable
	// InUse says that another process has the ledger open.
	InUse = database.InUse
)
