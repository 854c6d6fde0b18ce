package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// meanings explain PostgreSQL's error codes, by the code or its class
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
var meanings = map[string]string{
	"08":    "the connection to the ledger's database broke off",
	"25006": "the ledger's database is a read replica now: it takes no writes, and another one should",
	"25P03": "the ledger's database ended a transaction in which this replica had stopped",
	"28":    "the ledger's database refuses its user",
	"3D":    "the ledger's database is not there",
	"3F":    "the ledger's schema is not there",
	"40":    "the ledger's database rolled a transaction back that conflicted with another one",
	"42501": "the ledger's user lacks a right in the database: it must own the ledger's tables",
	"42P01": "a table of the ledger is not there any more: somebody moved or dropped it",
	"42703": "a column of the ledger's tables is not there any more: somebody changed it",
	"53100": "the disk of the ledger's database is full",
	"53":    "the ledger's database has run out of a resource (connections, memory or disk)",
	"55P03": "another replica holds the ledger's lock for too long",
	"57014": "the ledger's database took too long: another replica may hold its lock",
	"57P01": "the ledger's database is being stopped, or fails over",
	"57P02": "the ledger's database broke down and starts again",
	"57P03": "the ledger's database is starting",
	"57P05": "the ledger's database ended the connection because it was idle",
	"58":    "the system of the ledger's database reports an error",
}

func meaningOf(code string) string {
	if why, ok := meanings[code]; ok {
		return why
	}
	return meanings[code[:min(2, len(code))]]
}

// Explain turns errors of the server or the connection into a *database.Unavailable or
// database.ErrDamaged. After an error that says that the server is away, or no longer the
// primary, every connection is closed: all lead to the same server.
func (d *Database) Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*database.Unavailable](err); ok {
		return err
	}
	if lost(err) {
		d.drop()
	}
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		if said.Code == "XX001" || said.Code == "XX002" {
			return fmt.Errorf("%w (%w)", database.ErrDamaged, err)
		}
		if why := meaningOf(said.Code); why != "" {
			return &database.Unavailable{Why: why, Err: err}
		}
		return err
	}
	switch {
	case strings.Contains(err.Error(), "read only connection"): // pgconn's, which has no type
		return &database.Unavailable{Why: "the ledger's database is a read replica: its address must lead to the primary, or name all hosts", Err: err}
	case lost(err):
		return &database.Unavailable{Why: "the ledger's database can't be reached", Err: err}
	}
	return err
}

// lost says whether an error means that all connections are useless.
func lost(err error) bool {
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch said.Code {
		case "25006", "57P01", "57P02", "57P03":
			return true
		}
		return strings.HasPrefix(said.Code, "08")
	}
	if errors.Is(err, context.Canceled) {
		return false // the caller's own
	}
	for _, broken := range []error{errSilent, driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded} {
		if errors.Is(err, broken) {
			return true
		}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok || strings.Contains(err.Error(), "conn closed")
}

// Stuck says whether only a new connection can write after an error.
func (d *Database) Stuck(err error) bool {
	said, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return lost(err)
	}
	return lost(err) || said.Severity == "FATAL" || said.Code == "25P03"
}
