package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// Found is what Connect learned of the database.
type Found struct {
	// Version is the server's.
	Version string
	// Pooled says that a pooler is between the app and the server.
	Pooled bool
	// Settings of the server, as SHOW gives them.
	SynchronousCommit, Standbys string
	Fsync, FullPageWrites       bool
}

// Found is what Connect learned of the database.
func (d *Database) Found() Found { return d.found }

// Promise says in a sentence which failures an acknowledged request survives; good says
// whether it survives at least a crash of the server.
func (f Found) Promise() (words string, good bool) {
	switch {
	case !f.Fsync:
		return "fsync is off: what was acknowledged may be lost, and the whole ledger with it, when the database's machine fails", false
	case f.SynchronousCommit == "off":
		return "synchronous_commit is off: what was acknowledged in the last moments is lost when the database's server fails", false
	case !f.FullPageWrites:
		return "full_page_writes is off: the ledger may be torn when the database's machine fails", false
	case f.SynchronousCommit == "local" || f.Standbys == "":
		return "what was acknowledged is on the primary's disk; a fail-over to a standby may lose the last moments, because no synchronous standby is set (synchronous_standby_names)", true
	case f.SynchronousCommit == "remote_write":
		return "what was acknowledged is on the primary's disk, and in the memory of a synchronous standby (synchronous_commit = remote_write)", true
	}
	return "what was acknowledged is on the disks of the primary and of a synchronous standby: a fail-over to that one loses nothing", true
}

// LogAttrs tell what was found, for a log.
func (f Found) LogAttrs() []slog.Attr {
	return []slog.Attr{
		slog.String("server", f.Version), slog.Bool("pooler", f.Pooled), slog.String("synchronous_commit", f.SynchronousCommit),
		slog.String("synchronous_standby_names", f.Standbys), slog.Bool("fsync", f.Fsync), slog.Bool("full_page_writes", f.FullPageWrites),
	}
}

// look reads the database's version and settings, whether it can be written, and whether
// a pooler is in between.
func (d *Database) look(ctx context.Context) (err error) {
	config := d.config.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // works through any pooler
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return d.Explain(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	var standby bool
	var pid uint32
	var fsync, pages, encoding string
	if err := conn.QueryRow(ctx, `SELECT pg_is_in_recovery(), pg_backend_pid()::bigint, current_setting('server_version'), current_setting('synchronous_commit'),
		current_setting('synchronous_standby_names'), current_setting('fsync'), current_setting('full_page_writes'), current_setting('server_encoding')`).Scan(
		&standby, &pid, &d.found.Version, &d.found.SynchronousCommit, &d.found.Standbys, &fsync, &pages, &encoding); err != nil {
		return fmt.Errorf("look at the database: %w", d.Explain(err))
	}
	if standby {
		return &database.Unavailable{Why: "the ledger's database is a read replica: its address must lead to the primary, or name all hosts", Err: errors.New("pg_is_in_recovery() is true")}
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the ledger's database is encoded in %s: make one with ENCODING 'UTF8'", encoding)
	}
	d.found.Fsync, d.found.FullPageWrites, d.found.Standbys = fsync == "on", pages == "on", strings.TrimSpace(d.found.Standbys)
	// A pooler gives its clients numbers of its own: only the session behind it knows the
	// server's.
	d.found.Pooled = pid != conn.PgConn().PID()
	d.pooled.Store(d.found.Pooled)
	return nil
}
