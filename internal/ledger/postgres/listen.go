package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// channel is the notification channel of the replicas on one database
// (https://www.postgresql.org/docs/current/sql-notify.html). Two ledgers in one database
// wake each other for nothing, which does no harm.
const channel = "pressrun"

const (
	// listenAgain is the wait before a connection that broke off is made anew.
	listenAgain = time.Second
	// listenLook is the silence after which the connection is checked.
	listenLook = silence / 2
)

var _ database.Listener = (*Database)(nil)

// Listen calls heard when another process has committed, with that process's id, and with
// "" whenever it may have missed a notification. It returns when ctx ends, and at once
// behind a pooler: that gives each transaction another session, so that a LISTEN is lost.
func (d *Database) Listen(ctx context.Context, heard func(from string)) {
	for ctx.Err() == nil && !d.pooled.Load() {
		// The caller polls too, and all other connections report the same error.
		_ = d.listen(ctx, heard)
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

// listen listens on a connection of its own until that breaks off.
func (d *Database) listen(ctx context.Context, heard func(from string)) (err error) {
	config := d.config.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectLimit)
		defer cancel()
		err = errors.Join(err, conn.Close(ending))
	}()
	if _, err := conn.Exec(ctx, `LISTEN `+channel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	heard("") // what was committed before
	for {
		waiting, cancel := context.WithTimeout(ctx, listenLook)
		said, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			heard(said.Payload)
		case ctx.Err() != nil || waiting.Err() == nil:
			return fmt.Errorf("listen: %w", err)
		default: // no notification came
			if err := conn.Ping(ctx); err != nil {
				return fmt.Errorf("listen: %w", err)
			}
		}
	}
}
