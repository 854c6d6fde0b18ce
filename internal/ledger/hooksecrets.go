package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// HookSecret is a secret in the address of a hook. Only its hash is kept.
type HookSecret struct {
	ID, Site, Hook string
	// Hash is the SHA-256 in hexadecimal.
	Hash string
	By   string
	Made time.Time
	// Until is when it expires; zero for a secret that is valid until it is replaced.
	Until time.Time
}

// GoodAt says whether a secret is valid at an instant.
func (s HookSecret) GoodAt(at time.Time) bool { return s.Until.IsZero() || s.Until.After(at) }

// The kinds of events that tell of hooks.
const (
	KindHookSecretMade    = "hook.secret_made"
	KindHookSecretRevoked = "hook.secret_revoked"
)

// CodeHookHasSecret refuses a first secret for a hook that has one.
const CodeHookHasSecret release.Code = "hook_has_secret"

// HookSecrets are the secrets of a site's hooks that have not expired, the oldest first.
func (r reader) HookSecrets(ctx context.Context, site string) ([]HookSecret, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT id, site, hook, hash, made_by, made_us, until_us FROM hook_secrets
		WHERE site = $1 AND (until_us = 0 OR until_us > $2) ORDER BY hook, made_us, id`, site, micros(now()))
	if err != nil {
		return nil, fmt.Errorf("read the secrets of the hooks of %s: %w", site, r.engine.Explain(err))
	}
	defer rows.Close()
	var out []HookSecret
	for rows.Next() {
		var s HookSecret
		var made, until int64
		if err := rows.Scan(&s.ID, &s.Site, &s.Hook, &s.Hash, &s.By, &made, &until); err != nil {
			return nil, fmt.Errorf("read the secrets of the hooks of %s: %w", site, err)
		}
		s.Made, s.Until = fromMicros(made), fromMicros(until)
		out = append(out, s)
	}
	return out, rows.Err()
}

// PutSecret keeps a new secret of a hook. Without rotate the hook must have none, else it
// fails with a *release.Conflict; with rotate, the secrets that it has expire after the
// overlap, 0 for at once.
func (h Hooks) PutSecret(ctx context.Context, s HookSecret, rotate bool, overlap time.Duration) (HookSecret, error) {
	return do(ctx, h.ledger.writer, func(b *batch) (HookSecret, error) {
		if _, err := b.site(s.Site); err != nil {
			return s, err
		}
		var good int64
		if err := b.queryRow(`SELECT COUNT(*) FROM hook_secrets WHERE site = $1 AND hook = $2 AND (until_us = 0 OR until_us > $3)`,
			[]any{s.Site, s.Hook, micros(b.now)}, &good); err != nil {
			return s, err
		}
		if good > 0 && !rotate {
			return s, &release.Conflict{Code: CodeHookHasSecret, Text: "the hook " + s.Hook + " has an address already: rotate it to get another, or revoke it first"}
		}
		until := micros(b.now.Add(overlap))
		if _, err := b.exec(`UPDATE hook_secrets SET until_us = $1 WHERE site = $2 AND hook = $3 AND (until_us = 0 OR until_us > $1)`, until, s.Site, s.Hook); err != nil {
			return s, err
		}
		s.ID, s.Made, s.Until = b.w.ids.next("hks_", b.now), b.now, time.Time{}
		_, err := b.exec(`INSERT INTO hook_secrets (id, site, hook, hash, made_by, made_us, until_us) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
			s.ID, s.Site, s.Hook, s.Hash, s.By, micros(s.Made))
		b.event(Event{Site: s.Site, Kind: KindHookSecretMade, By: s.By, Why: "a new address of the hook " + s.Hook})
		return s, err
	})
}

// RevokeSecrets ends all secrets of a hook at once, and says how many there
// were.
func (h Hooks) RevokeSecrets(ctx context.Context, site, hook, by string) (int64, error) {
	return do(ctx, h.ledger.writer, func(b *batch) (int64, error) {
		if _, err := b.site(site); err != nil {
			return 0, err
		}
		res, err := b.exec(`DELETE FROM hook_secrets WHERE site = $1 AND hook = $2`, site, hook)
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, b.fail(err)
		}
		if n > 0 {
			b.event(Event{Site: site, Kind: KindHookSecretRevoked, By: by, Why: "the addresses of the hook " + hook})
		}
		return n, nil
	})
}
