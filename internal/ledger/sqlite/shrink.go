package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A new file is made so that it can shrink gradually (auto_vacuum, which must be set
// before anything is written: https://sqlite.org/pragma.html#pragma_auto_vacuum). A file
// of an earlier Pressrun reuses its free pages, and can't give them back. A backup of it
// can: see shrinkable.

// FreePages reads how many free pages can be given back: none where the file can't
// shrink.
func (*File) FreePages() string {
	return `SELECT freelist_count FROM pragma_freelist_count WHERE (SELECT auto_vacuum FROM pragma_auto_vacuum) = 2 UNION ALL SELECT 0`
}

// Shrink moves at most that many pages from the end of the file to free ones, and
// truncates the file (https://sqlite.org/pragma.html#pragma_incremental_vacuum).
func (*File) Shrink(pages int) string { return fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages) }

// shrinkable rewrites a copy of a ledger that an earlier Pressrun made, so that it can
// shrink (https://sqlite.org/lang_vacuum.html#how_vacuum_works).
func shrinkable(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "mode=rw&_busy_timeout=5000"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // the setting must be on the connection of the VACUUM
	var is int
	if err := db.QueryRowContext(ctx, `PRAGMA auto_vacuum`).Scan(&is); err != nil || is != 0 {
		return explain(err)
	}
	for _, text := range []string{`PRAGMA auto_vacuum = INCREMENTAL`, `VACUUM`} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return explain(err)
		}
	}
	return nil
}
