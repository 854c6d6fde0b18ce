package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Secrets are keys that all apps on a shared ledger must have alike. An app that has its
// ledger alone keeps them in files of its state folder. They are as safe as the database
// is.
type Secrets struct{ ledger *Ledger }

// Secrets are keys that all apps on the ledger must have alike.
func (l *Ledger) Secrets() Secrets { return Secrets{l} }

// Read reads a secret; ErrNotFound if there is none.
func (s Secrets) Read(ctx context.Context, name string) (value string, err error) {
	err = s.ledger.q.QueryRowContext(ctx, `SELECT value FROM shared_secrets WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read the secret that the replicas share: %w", s.ledger.engine.Explain(err))
	}
	return value, nil
}

// KeepFirst keeps a secret unless there is one, and returns the kept one, so that two
// replicas that start at once have the same.
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
