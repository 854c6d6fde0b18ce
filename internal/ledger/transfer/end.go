package transfer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/database"
)

// end is the source or the destination of a move, in a transaction.
type end struct {
	engine          database.Engine
	writer, readers *sql.DB
	conn            *sql.Conn
}

func open(ctx context.Context, engine database.Engine) (*end, error) {
	writer, readers, err := engine.Connect(ctx)
	if err != nil {
		return nil, err
	}
	e := &end{engine: engine, writer: writer, readers: readers}
	if e.conn, err = writer.Conn(ctx); err != nil {
		return nil, errors.Join(engine.Explain(err), e.close())
	}
	return e, nil
}

// close ends the transaction, undone if it was not committed.
func (e *end) close() error {
	var err error
	if e.conn != nil {
		_, _ = e.conn.ExecContext(context.Background(), `ROLLBACK`) // none is under way after a commit
		err = e.conn.Close()
	}
	return errors.Join(err, e.readers.Close(), e.writer.Close(), e.engine.Close())
}

// begin begins a transaction that sees one instant, and whose statements have no time limit.
func (e *end) begin(ctx context.Context) error {
	texts := []string{`BEGIN IMMEDIATE`}
	if e.postgres() {
		texts = []string{`BEGIN ISOLATION LEVEL REPEATABLE READ`, `SET LOCAL statement_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = 0`}
	}
	for _, text := range texts {
		if _, err := e.conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("begin at %s: %w", e.engine, e.engine.Explain(err))
		}
	}
	return nil
}

func (e *end) postgres() bool { return e.engine.Dialect() == goose.DialectPostgres }

func (e *end) commit(ctx context.Context) error {
	if _, err := e.conn.ExecContext(ctx, `COMMIT`); err != nil {
		return fmt.Errorf("commit at %s: %w", e.engine, e.engine.Explain(err))
	}
	return nil
}

// number reads one number.
func (e *end) number(ctx context.Context, text string, args ...any) (n int64, err error) {
	if err = e.conn.QueryRowContext(ctx, text, args...).Scan(&n); err != nil {
		return 0, e.engine.Explain(err)
	}
	return n, nil
}

const readVersion = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`

// ready checks that there is a ledger of this version, and that no app uses it.
func (e *end) ready(ctx context.Context) (version int64, err error) {
	if version, err = e.number(ctx, readVersion); err != nil || version == 0 {
		return 0, fmt.Errorf("%s holds no ledger that can be read: %w", e.engine, errors.Join(err, errNoLedger))
	}
	if want := ledger.Version(); version != want {
		return 0, fmt.Errorf("the tables at %s are of version %d, and this program's are of version %d: start this version of the app on it once, stop it, then move", e.engine, version, want)
	}
	return version, e.unused(ctx)
}

var errNoLedger = errors.New("check the address, and whether an app ever started on it")

// unused refuses a database on which a replica said just now that it lives.
func (e *end) unused(ctx context.Context) error {
	var name string
	since := time.Now().Add(-ledger.Silent)
	err := e.conn.QueryRowContext(ctx, `SELECT name FROM replicas WHERE seen_us > $1 ORDER BY name LIMIT 1`, since.UnixMicro()).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return e.engine.Explain(err)
	}
	return &InUse{Where: e.engine.String(), Who: name}
}

// empty checks that the destination holds no rows yet.
func (e *end) empty(ctx context.Context, version int64) error {
	at, err := e.number(ctx, readVersion)
	if err != nil {
		return err
	}
	if at != version {
		return fmt.Errorf("the tables at %s are of version %d, not %d: use one version of Pressrun for both", e.engine, at, version)
	}
	for _, table := range moved {
		n, err := e.number(ctx, `SELECT COUNT(*) FROM `+table)
		if err != nil {
			return fmt.Errorf("count the table %s: %w", table, err)
		}
		if n > 0 {
			return &NotEmpty{Where: e.engine.String(), Table: table, Rows: n}
		}
	}
	return nil
}

// count adds to the report what a move would copy.
func (e *end) count(ctx context.Context, r *Report) error {
	for _, table := range moved {
		t, err := e.sum(ctx, table)
		if err != nil {
			return fmt.Errorf("read the table %s: %w", table, err)
		}
		r.Tables, r.Rows = append(r.Tables, t), r.Rows+t.Rows
	}
	return nil
}

// sum reads a whole table, for its number of rows and their checksum.
func (e *end) sum(ctx context.Context, table string) (Table, error) {
	var total adder
	err := e.each(ctx, table, func(_ []string, rows [][]any) error {
		for _, row := range rows {
			total.add(row)
		}
		return nil
	})
	return total.table(table), err
}

// each reads a table in portions, with the columns in the order of their names: two
// databases with different migration histories may have them in different orders.
func (e *end) each(ctx context.Context, table string, f func(columns []string, rows [][]any) error) (err error) {
	columns, err := e.columns(ctx, table)
	if err != nil {
		return err
	}
	found, err := e.conn.QueryContext(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+table) //nolint:gosec // G202: the tables' own names
	if err != nil {
		return e.engine.Explain(err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	most := max(1, min(rowsAtOnce, valuesAtOnce/len(columns)))
	var rows [][]any
	for found.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			return err
		}
		if rows = append(rows, row); len(rows) == most {
			if err := f(columns, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if err := found.Err(); err != nil || len(rows) == 0 {
		return e.engine.Explain(err)
	}
	return f(columns, rows)
}

// columns are the columns of a table, in the order of their names.
func (e *end) columns(ctx context.Context, table string) (names []string, err error) {
	text := `SELECT name FROM pragma_table_info($1) ORDER BY name`
	if e.postgres() {
		text = `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY column_name COLLATE "C"`
	}
	found, err := e.conn.QueryContext(ctx, text, table)
	if err != nil {
		return nil, e.engine.Explain(err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, errors.Join(found.Err(), fmt.Errorf("%s has no table %s", e.engine, table))
	}
	return names, found.Err()
}

func (e *end) insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	var text strings.Builder
	fmt.Fprintf(&text, `INSERT INTO %s (%s) VALUES `, table, strings.Join(columns, ", "))
	args := make([]any, 0, len(rows)*len(columns))
	for i, row := range rows {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteByte('(')
		for j, value := range row {
			if j > 0 {
				text.WriteByte(',')
			}
			args = append(args, value)
			fmt.Fprintf(&text, "$%d", len(args))
		}
		text.WriteByte(')')
	}
	if _, err := e.conn.ExecContext(ctx, text.String(), args...); err != nil {
		return e.engine.Explain(err)
	}
	return nil
}
