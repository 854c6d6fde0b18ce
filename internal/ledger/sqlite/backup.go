package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/ledger/database"
)

// Backup writes a whole copy of the ledger to a new file while the ledger stays in use.
// The copy is of one instant: every request that was acknowledged before is in it. The
// file appears under its name only when it is whole, checked and on disk; to restore it,
// replace the ledger by it while no Pressrun runs.
func (f *File) Backup(ctx context.Context, path string) (err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("find the backup's place: %w", err)
	}
	if err := absent(path); err != nil {
		return err
	}
	partial := path + ".partial"
	defer func() {
		if e := os.Remove(partial); err == nil && e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = fmt.Errorf("clear up after the backup: %w", e)
		}
	}()
	if err := f.copyTo(ctx, partial); err != nil {
		return fmt.Errorf("write the backup to %s: %w", path, err)
	}
	if err := shrinkable(ctx, partial); err != nil {
		return fmt.Errorf("set the backup %s to shrink: %w", path, err)
	}
	if err := Verify(ctx, partial); err != nil {
		return fmt.Errorf("check the new backup: %w", err)
	}
	if err := atomicfile.Place(partial, path); err != nil {
		return fmt.Errorf("put the backup in its place: %w", err)
	}
	return nil
}

func absent(path string) error {
	_, err := os.Lstat(path)
	if err == nil {
		return fmt.Errorf("%s is there already: name a new file", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at the backup's place: %w", err)
	}
	return nil
}

// copyTo has SQLite write a copy into an empty file, which is made here with a mode that
// keeps others from reading it.
func (f *File) copyTo(ctx context.Context, path string) (err error) {
	empty, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := empty.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(f.path, "mode=ro&_busy_timeout=5000"))
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return explain(err)
	}
	return nil
}

// Verify checks that a file, such as a backup, is a whole ledger. It only reads; a torn
// file is a database.ErrDamaged.
func Verify(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("look at the ledger: %w", err)
	}
	// SQLite can't change how it locks files once one is open: without this, a ledger
	// opened later would fail.
	if err := keepLocks(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path, "mode=ro&_query_only=1&_busy_timeout=5000"))
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	verdict, err := integrity(ctx, db)
	if err != nil {
		return fmt.Errorf("check %s: %w", path, explain(err))
	}
	if verdict != "ok" {
		return fmt.Errorf("check %s: %w (%s)", path, database.ErrDamaged, verdict)
	}
	for _, table := range []string{"sites", "requests", "releases", "events", "outbox"} {
		var n int64
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1`, table).Scan(&n); err != nil {
			return fmt.Errorf("check %s: %w", path, explain(err))
		}
		if n == 0 {
			return fmt.Errorf("%s is not a ledger: it has no table %s", path, table)
		}
	}
	return nil
}

// integrity is "ok", or the first fault that SQLite finds.
func integrity(ctx context.Context, db *sql.DB) (string, error) {
	rows, err := db.QueryContext(ctx, `PRAGMA integrity_check(5)`)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return "", err
		}
		found = append(found, line)
	}
	return strings.Join(found, "; "), rows.Err()
}
