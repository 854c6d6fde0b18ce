// Package database is what the ledger needs of the database below it. The SQL
// is the same for each; an Engine is what differs.
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
	// Connect opens the database until Close. Writer is a pool of one connection.
	// What it fails with, it has explained.
	Connect(ctx context.Context) (writer, readers *sql.DB, err error)
	// Here fails with an *Unavailable once what was opened is no longer where it was:
	// what is written then is lost with the process.
	Here() error
	// Traits are the ways of the database.
	Traits() Traits
	// Alone keeps other processes from making or changing tables until release is
	// called.
	Alone(ctx context.Context) (release func() error, err error)
	// Dialect is that of the migrations.
	Dialect() goose.Dialect
	// Explain turns errors about the medium into an *Unavailable or ErrDamaged,
	// and leaves the others as they are.
	Explain(err error) error
	// Stuck says whether only a new connection can write after an error.
	Stuck(err error) bool
	// Backup writes a whole and checked copy, as of one instant, to a new file.
	Backup(ctx context.Context, path string) error
	// Search is how words are found in what requests are about.
	Search() Search
	// Close lets other processes have the database. The pools are closed before.
	Close() error
}

// Listener is an Engine that hears at once when another process commits. What it hears is a
// hint to look: it may miss something.
type Listener interface {
	// Listen calls heard with who told (see Traits.Notify), "" for anybody, until ctx ends.
	Listen(ctx context.Context, heard func(from string))
}

// Traits are the ways of a database.
type Traits struct {
	// Begin are the statements that begin a transaction that will write. Until it is
	// over no other one of the ledger writes, of whatever process.
	Begin string
	// Commit are the statements that end it.
	Commit string
	// Notify, if not "", is what goes before Commit when a transaction changed something: it
	// tells other processes that it is there. %s is who tells, letters and digits.
	Notify string
	// Analyze, if not "", is what goes before Commit now and then while a ledger is young, so
	// that statements are planned for tables that are no longer empty.
	Analyze string
	// Prepared says that statements are worth preparing once for each connection;
	// otherwise the driver sees to that.
	Prepared bool
	// Remote says that a statement costs a way to another process and back, which counts for
	// more than how long its text is: few statements of many rows are best.
	Remote bool
	// Shared says that several processes may have the database open at a time. Then what
	// became of a commit may not be known, and what was read before may have changed.
	Shared bool
	// Unnumbered says that "?" is the placeholder after those before it. SQLite's driver asks
	// for the name of each numbered one, and each answer goes through all of them.
	Unnumbered bool
	// Clock reads the time to decide by, in microseconds since the epoch; "" for this
	// process's own clock.
	Clock string
}

// Search is a database's own full-text search over the table request_search, which
// has the columns site, request_id and words.
type Search struct {
	// Make are statements that make the table and its index.
	Make []string
	// Also are statements that make what later versions added, where it is not there.
	Also []string
	// Real, if not "", lists the words of the index from $1 on and before $2, at most
	// MostReal of them.
	Real string
	// Where selects requests: $1 is what Match made of the words, $2 the site, $3
	// the number of requests at most.
	Where string
	// Match is the query that finds texts with all of these words. A word has a letter
	// or a digit.
	Match func(words []Sought) string
	// Forget deletes the row of a request, $2, by the index: an id is a word of its text,
	// and $1 is what Match made of it. No index has the column request_id.
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

// Unknown says that a commit was asked for and its answer did not come, nor could it be
// found out whether the commit is there. Asking again with the same key is safe.
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
