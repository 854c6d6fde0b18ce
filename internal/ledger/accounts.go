package ledger

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
)

// keptAccounts is how many accounts of a site are kept, the newest.
const keptAccounts = 20

// PutAccount keeps the account of a release: the outcome of every address. It fails with
// ErrNotFound if there is no such release.
func (d decisions) PutAccount(ctx context.Context, site string, number int64, account []byte) error {
	return d.writer.act(ctx, func(b *batch) error {
		var found int64
		if err := b.queryRow(`SELECT COUNT(*) FROM releases WHERE site = $1 AND number = $2`, []any{site, number}, &found); err != nil {
			return err
		}
		if found == 0 {
			return fmt.Errorf("release #%d of %s: %w", number, site, ErrNotFound)
		}
		if _, err := b.exec(`INSERT INTO release_accounts (site, release_no, account) VALUES ($1, $2, $3)
			ON CONFLICT (site, release_no) DO UPDATE SET account = excluded.account`, site, number, base64.StdEncoding.EncodeToString(account)); err != nil {
			return err
		}
		_, err := b.exec(`DELETE FROM release_accounts WHERE site = $1 AND release_no <= $2`, site, number-keptAccounts)
		return err
	})
}

// Account is the account of a release. It fails with ErrNotFound if there is none.
func (r reader) Account(ctx context.Context, site string, number int64) ([]byte, error) {
	var coded string
	err := r.q.QueryRowContext(ctx, `SELECT account FROM release_accounts WHERE site = $1 AND release_no = $2`, site, number).Scan(&coded)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("the account of release #%d of %s: %w", number, site, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read the account of release #%d: %w", number, r.engine.Explain(err))
	}
	account, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return nil, fmt.Errorf("read the account of release #%d: %w", number, err)
	}
	return account, nil
}
