package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// Database is a ledger in a PostgreSQL database.
type Database struct {
	config *pgx.ConnConfig
	where  string
	// pooled says that a pooler is in between, which gives each transaction another session.
	pooled atomic.Bool
	// generation is raised when all open connections have to be closed.
	generation atomic.Int64
	found      Found
}

const (
	// connectLimit bounds the time to connect, for each of several hosts.
	connectLimit = 3 * time.Second
	// oldest is how long a connection is used, so that those that a fail-over left behind
	// end by themselves.
	oldest = 30 * time.Minute
	// generationKey is where a connection keeps its generation.
	generationKey = "pressrun generation"
)

// At is the ledger in the database of an address: postgres://user@host,host/name, or a
// keyword/value string
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). Its
// errors hold no secret of the address.
func At(address string) (*Database, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// The error quotes the address, and hides only the passwords that it finds.
		return nil, errors.New("the ledger's address can't be read: expected postgres://USER:PASSWORD@HOST/DATABASE, with several hosts as HOST,HOST")
	}
	config.ConnectTimeout = connectLimit
	// A server that is a standby, or became one, takes no writes: another of the
	// hosts may.
	config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	config.DialFunc = dial
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "pressrun"
	}
	d := &Database{config: config, where: whereOf(config)}
	return d, nil
}

// whereOf names the database without any secret.
func whereOf(c *pgx.ConnConfig) string {
	hosts := []string{}
	add := func(host string, port uint16) {
		at := net.JoinHostPort(host, strconv.Itoa(int(port)))
		if strings.HasPrefix(host, "/") {
			at = host
		}
		if len(hosts) == 0 || hosts[len(hosts)-1] != at { // each is listed with TLS and without
			hosts = append(hosts, at)
		}
	}
	add(c.Host, c.Port)
	for _, more := range c.Fallbacks {
		add(more.Host, more.Port)
	}
	return fmt.Sprintf("postgres://%s@%s/%s", c.User, strings.Join(hosts, ","), c.Database)
}

// Trace has t called for every statement. Call it before Connect.
func (d *Database) Trace(t pgx.QueryTracer) { d.config.Tracer = t }

// String names the user, the hosts and the database.
func (d *Database) String() string { return d.where }

// Traits: a batch holds a lock against those of other replicas from its beginning to its
// end, so that places, the numbers of events and those of tasks are given in the order in
// which they become visible (docs/decisions/0011-one-batch-at-a-time.md). The lock
// belongs to the transaction, and is released with it. The server ends a batch whose
// process stopped in its middle, within idleLimit. The limit of statements does not apply
// to the commit: it would end the wait for a synchronous standby, and PostgreSQL then
// reports a successful commit
// (https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION).
func (*Database) Traits() database.Traits {
	return database.Traits{
		Begin: fmt.Sprintf(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = %d; SET LOCAL idle_in_transaction_session_timeout = %d; SELECT pg_advisory_xact_lock((%d::bigint << 32) + 'sites'::regclass::oid::bigint)`,
			statementLimit.Milliseconds(), idleLimit.Milliseconds(), lockSpace),
		Commit: `SET LOCAL statement_timeout = 0; COMMIT`,
		Notify: `NOTIFY ` + channel + `, '%s'; `,
		// Otherwise a plan made for empty tables is kept until autovacuum has analyzed them,
		// which takes minutes (https://www.postgresql.org/docs/current/sql-prepare.html).
		Analyze: `SET LOCAL default_statistics_target = 10; ANALYZE (SKIP_LOCKED) requests; `,
		Remote:  true,
		Shared:  true,
		Clock:   `SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint`,
	}
}

// lockSpace is the upper half of the advisory lock's number ("PRSS"); the lower half is the
// table's OID, so that two ledgers in one database do not wait for each other.
const lockSpace = 0x50525353

const (
	// statementLimit is how long the server works at one statement, or waits for a lock.
	statementLimit = 5 * time.Second
	// idleLimit is how long the server waits within a batch for its next statement.
	idleLimit = 3 * time.Second
)

// Dialect is goose's dialect for PostgreSQL.
func (*Database) Dialect() goose.Dialect { return goose.DialectPostgres }

// Connect opens the database. It fails with a *database.Unavailable when it can't be
// reached, and says so when the address leads only to a read replica.
func (d *Database) Connect(ctx context.Context) (writer, readers *sql.DB, err error) {
	if err := d.look(ctx); err != nil {
		return nil, nil, fmt.Errorf("open the ledger %s: %w", d, err)
	}
	writer, readers = d.pool(), d.pool()
	writer.SetMaxOpenConns(1)
	return writer, readers, nil
}

// pool makes a pool whose connections are closed after a fail-over.
func (d *Database) pool() *sql.DB {
	config := d.config.Copy()
	if d.pooled.Load() {
		// Without named prepared statements, which a pooler would lose.
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	db := stdlib.OpenDB(*config,
		stdlib.OptionAfterConnect(func(_ context.Context, c *pgx.Conn) error {
			c.PgConn().CustomData()[generationKey] = d.generation.Load()
			return nil
		}),
		stdlib.OptionResetSession(func(_ context.Context, c *pgx.Conn) error {
			if c.PgConn().CustomData()[generationKey] != d.generation.Load() {
				return driver.ErrBadConn
			}
			return nil
		}))
	db.SetConnMaxLifetime(oldest)
	return db
}

// drop closes every open connection; those in use when they are given back.
func (d *Database) drop() { d.generation.Add(1) }

// Alone keeps other processes from making tables until it is released.
func (d *Database) Alone(ctx context.Context) (release func() error, err error) {
	config := d.config.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, d.Explain(err)
	}
	end := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectLimit)
		defer cancel()
		return conn.Close(ctx)
	}
	if err := awaitTables(ctx, conn); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another replica that makes the ledger's tables: %w", d.Explain(err)), end())
	}
	return end, nil
}

// awaitTables waits for the lock for making tables, which its transaction then holds.
func awaitTables(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return err
	}
	for {
		var mine bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, int64(lockSpace)).Scan(&mine); mine || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(tablesWait):
		}
	}
}

// tablesWait is the pause between two tries for the lock for making tables.
const tablesWait = 200 * time.Millisecond

// Here checks nothing: a server that went away fails by itself.
func (*Database) Here() error { return nil }

// Backup fails: PostgreSQL has its own means.
func (*Database) Backup(context.Context, string) error {
	return &database.Unavailable{Why: "a ledger on PostgreSQL is backed up by PostgreSQL's own means (pg_dump, or a base backup with its write-ahead log), or copied into a file by pressrun ledger move, while no app runs", Err: errors.ErrUnsupported}
}

// Close does nothing.
func (*Database) Close() error { return nil }

var _ database.Engine = (*Database)(nil)
