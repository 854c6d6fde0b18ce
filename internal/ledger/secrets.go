package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Secrets are what an app that has its ledger alone keeps in files of its state folder, and
// several apps must have alike. They are as safe as the database is.
type Secrets struct{ ledger *Ledger }

// Secrets are what all apps on the ledger must have alike.
func (l *Ledger) Secrets() Secrets { return Secrets{l} }

// Read is a secret; ErrNotFound for none.
func (s Secrets) Read(ctx context.Context, name string) (value string, err error) {
	err = s.ledger.q.QueryRowContext(ctx, `SELECT value FROM shared_secrets WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read what the replicas share: %w", s.ledger.engine.Explain(err))
	}
	return value, nil
}

// KeepFirst keeps a secret unless there is one, and gives the one that there is: of two
// replicas that begin at once, both have the same.
func (s Secrets) KeepFirst(ctx context.Context, name, value string) (kept string, err error) {
	return do(ctx, s.ledger.writer, func(b *batch) (string, error) {
		if _, err := b.exec(`INSERT INTO shared_secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value); err != nil {
			return "", err
		}
		var kept string
		err := b.queryRow(`SELECT value FROM shared_secrets WHERE name = $1`, []any{name}, &kept)
		return kept, err
	})
}
