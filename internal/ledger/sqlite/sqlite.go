// Package sqlite keeps a ledger in one SQLite file: in WAL mode with synchronous=FULL, so
// that commits survive a kill -9 and a power cut
// (https://sqlite.org/pragma.html#pragma_synchronous).
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// File is a ledger in a SQLite file.
type File struct {
	path   string
	lock   *os.File    // nil while it is not open
	opened os.FileInfo // which file it was
}

// At is the ledger in a file, which Connect makes if it is missing. Beside it are files
// with the endings -wal, -shm and .lock.
func At(path string) *File { return &File{path: path} }

// String is the file's path.
func (f *File) String() string { return f.path }

// Traits: the lock for writing is taken at once, since a transaction that asked for it
// after it had read could be refused (https://sqlite.org/lang_transaction.html).
func (*File) Traits() database.Traits {
	return database.Traits{Begin: "BEGIN IMMEDIATE", Commit: "COMMIT", Prepared: true, Unnumbered: true}
}

// Alone has nothing to do: the file is this process's alone.
func (*File) Alone(context.Context) (release func() error, err error) {
	return func() error { return nil }, nil
}

// Dialect is goose's dialect for SQLite.
func (*File) Dialect() goose.Dialect { return goose.DialectSQLite3 }

// Connect opens the file, makes it if it is not there, and keeps other
// processes off it until Close. It fails with a *database.InUse when another
// process has it, and with database.ErrDamaged when it is no SQLite file.
func (f *File) Connect(ctx context.Context) (writer, readers *sql.DB, err error) {
	if f.path, err = place(f.path); err != nil {
		return nil, nil, err
	}
	if err := keepLocks(); err != nil {
		return nil, nil, err
	}
	if f.lock, err = acquire(f.path); err != nil {
		return nil, nil, err
	}
	if err = private(f.path); err == nil {
		f.opened, err = os.Stat(f.path)
	}
	if err == nil {
		writer, readers, err = f.connect(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the ledger %s: %w", f.path, err), f.Close())
	}
	return writer, readers, nil
}

// auto_vacuum works only while the file is made: see shrink.go. A writer that reconnects must not make a new,
// empty file in place of the old one (mode=rw). journal_size_limit truncates the write-ahead log after a long
// backup.
const (
	settings = "_busy_timeout=5000&_foreign_keys=1&_defensive=1&_dqs=0"
	writing  = "mode=rw&_auto_vacuum=INCREMENTAL&_journal_mode=WAL&_synchronous=FULL&_pragma=journal_size_limit(16777216)&_txlock=immediate&" + settings
	reading  = "mode=ro&_query_only=1&" + settings
)

func (f *File) connect(ctx context.Context) (writer, readers *sql.DB, err error) {
	if writer, err = sql.Open("sqlite", dsn(f.path, writing)); err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	writer.SetMaxOpenConns(1)
	if err := readable(ctx, writer); err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	if readers, err = sql.Open("sqlite", dsn(f.path, reading)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("connect for reading: %w", err), writer.Close())
	}
	return writer, readers, nil
}

// Close lets other processes open the file.
func (f *File) Close() error {
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}

// dsn begins with "file:", without which the driver drops the query before
// SQLite sees it (https://pkg.go.dev/modernc.org/sqlite#Driver.Open).
func dsn(path, query string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

// keepLocks makes SQLite's locks belong to its open file instead of to the
// process: otherwise any code that opens and closes the file drops them all
// unseen (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
// Only Linux can; elsewhere the rule is that nothing here opens the file but SQLite.
func keepLocks() error {
	_, err := sqlite.OFDLocking(true)
	if errors.Is(err, sqlite.ErrOFDLockingUnavailable) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("set how the ledger's file is locked: %w", err)
	}
	return nil
}

// readable reads from every table of a SQLite file. goose takes any error for a missing
// table, and would hide that the file is damaged.
func readable(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return explain(err)
		}
		tables = append(tables, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return explain(err)
	}
	for _, name := range tables {
		var n int
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM "`+strings.ReplaceAll(name, `"`, `""`)+`" LIMIT 1)`).Scan(&n); err != nil {
			return fmt.Errorf("read table %s: %w", name, explain(err))
		}
	}
	return nil
}
