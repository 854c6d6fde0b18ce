package app

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/postgres"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
)

// engineOf is the database of a configuration's ledger.
func engineOf(c config.Config) (database.Engine, error) {
	address, err := c.LedgerAddress()
	if err != nil {
		return nil, err
	}
	if address == "" {
		return sqlite.At(filepath.Join(c.State, "pressrun.db")), nil
	}
	return postgres.At(address)
}

// logDurability logs which failures an acknowledged request survives.
func logDurability(ctx context.Context, log *slog.Logger, engine database.Engine) {
	db, ok := engine.(*postgres.Database)
	if !ok {
		return
	}
	words, good := db.Found().Promise()
	level := slog.LevelInfo
	if !good {
		level = slog.LevelWarn
	}
	log.LogAttrs(ctx, level, "the ledger is on PostgreSQL", append(db.Found().LogAttrs(), slog.String("ledger", db.String()), slog.String("promise", words))...)
	if db.Found().Pooled {
		log.InfoContext(ctx, "a pooler stands before the ledger's database: the app keeps nothing in database sessions, and polls for the changes of other replicas")
	}
}
