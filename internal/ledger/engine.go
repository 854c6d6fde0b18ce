package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// engine is the database below the ledger. The SQL is the same for each; this
// is what differs.
type engine struct {
	driver           string
	writing, reading string // data source names
	begin            string // begins a transaction that will write
	dialect          goose.Dialect
}

// sqliteAt is the engine for a file, which must be there.
//
// A writer that has to connect again must not make a new, empty file where the
// old one was (mode=rw). journal_size_limit gives the room back that the
// write-ahead log took during a long backup.
func sqliteAt(path string) engine {
	const settings = "_busy_timeout=5000&_foreign_keys=1&_defensive=1&_dqs=0"
	return engine{
		driver:  "sqlite",
		writing: dsn(path, "mode=rw&_journal_mode=WAL&_synchronous=FULL&_pragma=journal_size_limit(16777216)&_txlock=immediate&"+settings),
		reading: dsn(path, "mode=ro&_query_only=1&"+settings),
		begin:   "BEGIN IMMEDIATE",
		dialect: goose.DialectSQLite3,
	}
}

// dsn begins with "file:", without which the driver drops the query before
// SQLite sees it (research: libs.md section 1).
func dsn(path, query string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

// keepLocks makes SQLite's locks belong to its open file instead of to the
// process: otherwise any code that opens and closes the file drops them all
// unseen (research: libs.md section 1). Only Linux can; elsewhere the rule is
// that nothing here opens the file but SQLite.
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

// place finds the file that a path means, so that two names of one file have
// one lock, and makes its folder.
func place(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the ledger: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make the state folder: %w", err)
	}
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", fmt.Errorf("find the ledger: %w", err)
	}
	return target, nil
}

// private makes the file if it is not there and keeps it from others' eyes.
// It comes before SQLite, which gives the files beside it the same mode. Those
// that a killed process left follow the file's mode too.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at the file: %w", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := setMode(path+suffix, info.Mode().Perm()&0o700); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep the file from others' eyes: %w", err)
		}
	}
	return nil
}

func setMode(path string, mode fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() == mode {
		return err
	}
	return os.Chmod(path, mode)
}

// migrate brings the tables up to date.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("find the migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, sub)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	var known int64
	for _, s := range p.ListSources() {
		known = max(known, s.Version)
	}
	newest, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the ledger's tables: %w", explain(err))
	}
	if newest > known {
		return fmt.Errorf("the ledger was written by a newer Pressrun (tables of version %d, this one knows %d): use that one, or restore a backup", newest, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the ledger's tables up to date: %w", explain(err))
	}
	return nil
}

// readable touches every table of a SQLite file. goose takes any error for a
// table that is not there yet, and would hide that the file is damaged.
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
