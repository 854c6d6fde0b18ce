package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// Backup writes a whole copy of the ledger to a new file while the ledger
// goes on being used. The copy is as of one instant.
func (l *Ledger) Backup(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s is there already: name a new file", path)
	}
	db, err := sql.Open("sqlite", dsn(l.path, "mode=ro&_busy_timeout=5000"))
	if err != nil {
		return fmt.Errorf("open the ledger for the backup: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return fmt.Errorf("write the backup to %s: %w", path, explain(err))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("keep the backup from others' eyes: %w", err)
	}
	return Verify(ctx, path)
}

// Verify checks that a file, such as a backup, is a whole ledger.
func Verify(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "mode=ro&_query_only=1"))
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict); err != nil {
		return fmt.Errorf("check %s: %w", path, explain(err))
	}
	if verdict != "ok" {
		return fmt.Errorf("%s is damaged: %s", path, verdict)
	}
	var sites int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sites`).Scan(&sites); err != nil {
		return fmt.Errorf("%s is not a ledger: %w", path, explain(err))
	}
	return nil
}
