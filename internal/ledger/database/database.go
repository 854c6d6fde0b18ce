// Package database is the interface between the ledger and the database below it. The SQL
// is the same for all databases; an Engine has the differences.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// Engine is a database that can hold a ledger.
type Engine interface {
	// String names the database in errors. It holds no secret.
	String() string
	// Connect opens the database until Close. Writer is a pool of one connection. Its
	// errors have passed Explain.
	Connect(ctx context.Context) (writer, readers *sql.DB, err error)
	// Here checks that the opened database is still in its place. It fails with an
	// *Unavailable if its file was moved or removed: writes then would be lost with the
	// process.
	Here() error
	// Traits says how the ledger must use the database.
	Traits() Traits
	// Alone keeps other processes from making or changing tables until release is
	// called.
	Alone(ctx context.Context) (release func() error, err error)
	// Dialect is goose's dialect for the migrations.
	Dialect() goose.Dialect
	// Explain turns errors of the disk, the file or the server into an *Unavailable or
	// ErrDamaged, and returns others as they are.
	Explain(err error) error
	// Stuck says whether only a new connection can write after an error.
	Stuck(err error) bool
	// Backup writes a whole and checked copy, as of one instant, to a new file.
	Backup(ctx context.Context, path string) error
	// Search is the full-text search over requests.
	Search() Search
	// Close lets other processes open the database. The caller has closed the pools.
	Close() error
}

// Listener is an Engine that hears at once when another process commits. It may miss a
// commit, so its user polls too.
type Listener interface {
	// Listen calls heard with the id of the process that committed (see Traits.Notify), ""
	// if that is unknown, until ctx ends.
	Listen(ctx context.Context, heard func(from string))
}

// Traits say how the ledger must use a database.
type Traits struct {
	// Begin are the statements that begin a transaction that will write. Until it ends,
	// no other transaction writes to the ledger, in any process.
	Begin string
	// Commit are the statements that end it.
	Commit string
	// Notify, if not "", are statements before Commit that notify other processes of a
	// transaction with changes. %s is the id of this process, of letters and digits.
	Notify string
	// Analyze, if not "", are statements before Commit that run now and then while a ledger
	// is young, so that statements are planned for tables that are no longer empty.
	Analyze string
	// Prepared says that statements are worth preparing once for each connection;
	// otherwise the driver prepares them.
	Prepared bool
	// Remote says that each statement costs a round trip to a server, which matters more
	// than the length of its text: few statements of many rows are best.
	Remote bool
	// Shared says that several processes may have the database open at a time. Then the
	// outcome of a commit may be unknown, and rows read before may have changed.
	Shared bool
	// Unnumbered says that placeholders are written "?", not "$1". SQLite's driver asks for
	// the name of each numbered one, which takes time in the square of their number.
	Unnumbered bool
	// Clock reads the time to decide by, in microseconds since the epoch; "" for this
	// process's own clock.
	Clock string
}

// Search describes a database's own full-text search over the table request_search, which
// has the columns site, request_id and words.
type Search struct {
	// Make are statements that make the table and its index.
	Make []string
	// Also are statements that add the tables of later versions where they are missing.
	Also []string
	// Completions, if not "", lists the words of the index from $1 on and before $2, at
	// most $3 of them.
	Completions string
	// Where selects requests: $1 is the result of Match, $2 the site, $3 the number of
	// requests at most.
	Where string
	// Match is the query that finds texts with all of these words. A word has a letter
	// or a digit.
	Match func(words []Sought) string
	// Forget deletes the row of a request. $1 is the result of Match for its id, which is
	// a word of its text, and $2 the id. There is no index on the column request_id.
	Forget string
}

// ErrDamaged: the file is no database, or is torn. Restore a backup.
var ErrDamaged = errors.New("the ledger's file is damaged: restore a backup")

// Unavailable says that nothing can be written at the moment: the disk is
// full, read-only or failing. Nothing was changed; the same call may succeed
// later without a restart.
type Unavailable struct {
	Why string
	Err error
}

func (u *Unavailable) Error() string { return fmt.Sprintf("%s: %v", u.Why, u.Err) }

func (u *Unavailable) Unwrap() error { return u.Err }

// Unknown says that the answer to a commit did not come, and that it could not be found
// out whether the transaction was committed. Repeating the call with the same key is
// safe.
type Unknown struct{ Err error }

func (u *Unknown) Error() string {
	return fmt.Sprintf("it is not known whether this was kept: %v", u.Err)
}

func (u *Unknown) Unwrap() error { return u.Err }

// InUse says that another process has the ledger open.
type InUse struct{ Path, Holder string }

func (i *InUse) Error() string {
	if i.Holder == "" {
		return fmt.Sprintf("%s: another Pressrun is using this ledger", i.Path)
	}
	return fmt.Sprintf("%s: another Pressrun (%s) is using this ledger; stop it first, or give this one a state folder of its own", i.Path, i.Holder)
}
