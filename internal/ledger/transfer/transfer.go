// Package transfer copies a whole ledger from one database to another, such as from a
// SQLite file to PostgreSQL, or back. It copies all or nothing, and reads the copy again
// and compares it before it commits.
package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/database"
)

// moved are the tables that make up a ledger. left are not copied: those about running
// processes, and the search index, which each database makes itself.
var (
	moved = []string{
		"sites", "requests", "releases", "release_accounts", "events", "outbox", "deliveries", "used_names", "approvals", "previews", "schedules",
		"hook_secrets", "hook_deliveries", "changes", "notice_targets", "notices", "notice_places", "sessions", "shared_secrets",
	}
	left = []string{"replicas", "commits", "duties", "machines", "slot_turns", "github_budgets", "request_search", "request_search_upto", "goose_db_version"}
)

// rowsAtOnce is how many rows one statement writes at most, and valuesAtOnce how many
// values: SQLite takes 32,766 (https://www.sqlite.org/limits.html).
const (
	rowsAtOnce   = 500
	valuesAtOnce = 30_000
)

// Table is the result for one table.
type Table struct {
	Name string `json:"table"`
	Rows int64  `json:"rows"`
	// Sum is the sum of the SHA-256 of all rows, which does not depend on their order, in
	// hexadecimal.
	Sum string `json:"sum"`
}

// Report is what a move did, or would do.
type Report struct {
	From   string  `json:"from"`
	To     string  `json:"to"`
	DryRun bool    `json:"dry_run,omitempty"`
	Tables []Table `json:"tables"`
	Rows   int64   `json:"rows"`
}

// Options say how to move.
type Options struct {
	DryRun bool
	// Tell is called after each statement with the table and its rows so far; nil for
	// nobody.
	Tell func(table string, rows int64)
}

// InUse says that an app has the ledger open.
type InUse struct{ Where, Who string }

func (i *InUse) Error() string {
	return fmt.Sprintf("%s is in use by %s: stop every app that has it first", i.Where, i.Who)
}

// NotEmpty says that the destination already holds a ledger.
type NotEmpty struct {
	Where, Table string
	Rows         int64
}

func (n *NotEmpty) Error() string {
	return fmt.Sprintf("%s holds a ledger already (%d rows in its table %s): move to an empty database, or remove that one first", n.Where, n.Rows, n.Table)
}

// Move copies the ledger from one database to another, and closes both. The source stays
// as it is. With DryRun, nothing is written to the destination, not even tables.
func Move(ctx context.Context, from, to database.Engine, o Options) (r Report, err error) {
	r = Report{From: from.String(), To: to.String(), DryRun: o.DryRun, Tables: []Table{}}
	source, err := open(ctx, from)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	if err := source.begin(ctx); err != nil {
		return r, err
	}
	version, err := source.ready(ctx)
	if err != nil {
		return r, err
	}
	if o.DryRun {
		return r, source.count(ctx, &r)
	}
	if err := makeTables(ctx, to); err != nil {
		return r, err
	}
	target, err := open(ctx, to)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	if err := target.begin(ctx); err != nil {
		return r, err
	}
	if err := target.empty(ctx, version); err != nil {
		return r, err
	}
	for _, table := range moved {
		t, err := copyTable(ctx, source, target, table, o.Tell)
		if err != nil {
			return r, fmt.Errorf("copy the table %s: %w", table, err)
		}
		r.Tables, r.Rows = append(r.Tables, t), r.Rows+t.Rows
	}
	return r, target.commit(ctx)
}

// makeTables opens and closes a ledger, which makes its tables.
func makeTables(ctx context.Context, to database.Engine) error {
	l, err := ledger.Open(ctx, to, ledger.Options{})
	if err != nil {
		return err
	}
	return l.Close()
}

// copyTable copies a table, and compares what was written with what was read.
func copyTable(ctx context.Context, from, to *end, table string, tell func(string, int64)) (Table, error) {
	var total adder
	err := from.each(ctx, table, func(columns []string, rows [][]any) error {
		if err := to.insert(ctx, table, columns, rows); err != nil {
			return err
		}
		for _, row := range rows {
			total.add(row)
		}
		if tell != nil {
			tell(table, total.rows)
		}
		return nil
	})
	if err != nil {
		return Table{}, err
	}
	read := total.table(table)
	written, err := to.sum(ctx, table)
	if err != nil {
		return Table{}, fmt.Errorf("read it again: %w", err)
	}
	if read != written {
		return Table{}, fmt.Errorf("%d rows were read (%s), and %d are there (%s): nothing was moved", read.Rows, read.Sum, written.Rows, written.Sum)
	}
	return read, nil
}
