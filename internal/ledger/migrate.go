package ledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to date.
func migrate(ctx context.Context, db *sql.DB, engine database.Engine) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("find the migrations: %w", err)
	}
	p, err := goose.NewProvider(engine.Dialect(), db, sub)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	var known int64
	for _, s := range p.ListSources() {
		known = max(known, s.Version)
	}
	newest, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the ledger's tables: %w", engine.Explain(err))
	}
	if newest > known {
		return fmt.Errorf("the ledger was written by a newer Pressrun (tables of version %d, this one knows %d): use that one, or restore a backup", newest, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the ledger's tables up to date: %w", engine.Explain(err))
	}
	return nil
}
