package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Session is a sign-in to the pages.
type Session struct {
	ID string
	// Hash is the SHA-256, in hexadecimal, of the secret in the browser's cookie.
	Hash string
	// Via and Subject identify a person; the rest are their names and groups when they signed in.
	Via, Subject, Name, Email, Domain string
	Groups                            []string
	// Browser and Address say where they signed in.
	Browser, Address string
	// Begun is when it began, Seen when it was last used (to some minutes), and Until
	// when it expires. Ended is when it was ended before that; zero while it was not.
	Begun, Seen, Until, Ended time.Time
	EndedBy                   string
}

// Good says whether a session is valid at an instant. A session that is not used for the
// span idle is over.
func (s Session) Good(at time.Time, idle time.Duration) bool {
	return s.Ended.IsZero() && at.Before(s.Until) && at.Before(s.Seen.Add(idle))
}

// Sessions are the sign-ins that the ledger keeps.
type Sessions struct{ ledger *Ledger }

// Sessions are the sign-ins that the ledger keeps.
func (l *Ledger) Sessions() Sessions { return Sessions{l} }

// keepSessions is how long a session that is over is kept, to answer who was signed in when.
const keepSessions = 30 * 24 * time.Hour

// Begin keeps a new session, and deletes those that are long over. It sets ID, Begun and Seen.
func (s Sessions) Begin(ctx context.Context, one Session) (Session, error) {
	belongs, err := json.Marshal(one.Groups)
	if err != nil {
		return one, fmt.Errorf("write the groups of a session: %w", err)
	}
	return do(ctx, s.ledger.writer, func(b *batch) (Session, error) {
		one.ID, one.Begun, one.Seen = b.w.ids.next("sgn_", b.now), b.now, b.now
		if _, err := b.exec(`DELETE FROM sessions WHERE until_us < $1`, micros(b.now.Add(-keepSessions))); err != nil {
			return one, err
		}
		_, err := b.exec(`INSERT INTO sessions (id, hash, via, subject, name, email, domain, belongs, browser, address, begun_us, seen_us, until_us, ended_us, ended_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, '')`,
			one.ID, one.Hash, one.Via, one.Subject, one.Name, one.Email, one.Domain, string(belongs), one.Browser, one.Address,
			micros(one.Begun), micros(one.Seen), micros(one.Until))
		return one, err
	})
}

// sessionColumns selects the columns that scanSession reads.
const sessionColumns = `SELECT id, hash, via, subject, name, email, domain, belongs, browser, address, begun_us, seen_us, until_us, ended_us, ended_by FROM sessions `

// ByHash is the session of a secret, valid or not; ErrNotFound for none.
func (s Sessions) ByHash(ctx context.Context, hash string) (Session, error) {
	return s.one(ctx, sessionColumns+`WHERE hash = $1`, hash)
}

// Find is the session of an id, valid or not; ErrNotFound for none.
func (s Sessions) Find(ctx context.Context, id string) (Session, error) {
	return s.one(ctx, sessionColumns+`WHERE id = $1`, id)
}

func (s Sessions) one(ctx context.Context, text, key string) (Session, error) {
	one, err := scanSession(s.ledger.q.QueryRowContext(ctx, text, key))
	if errors.Is(err, sql.ErrNoRows) {
		return one, ErrNotFound
	}
	if err != nil {
		return one, fmt.Errorf("read a sign-in: %w", s.ledger.engine.Explain(err))
	}
	return one, nil
}

// maxSessions bounds a list of sessions.
const maxSessions = 1000

// List are the valid sessions, the one used last first: those of one person, or of
// everybody if via is "". At most 1000 are given.
func (s Sessions) List(ctx context.Context, via, subject string, idle time.Duration) ([]Session, error) {
	at := now()
	rows, err := s.ledger.q.QueryContext(ctx, sessionColumns+`WHERE ended_us = 0 AND until_us > $1 AND seen_us > $2 AND ($3 = '' OR via = $3 AND subject = $4)
		ORDER BY seen_us DESC, id LIMIT CAST($5 AS BIGINT)`, micros(at), micros(at.Add(-idle)), via, subject, maxSessions)
	if err != nil {
		return nil, fmt.Errorf("read the sign-ins: %w", s.ledger.engine.Explain(err))
	}
	defer rows.Close()
	var out []Session
	for rows.Next() {
		one, err := scanSession(rows)
		if err != nil {
			return nil, fmt.Errorf("read the sign-ins: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

func scanSession(from row) (Session, error) {
	var s Session
	var belongs string
	var begun, seen, until, ended int64
	if err := from.Scan(&s.ID, &s.Hash, &s.Via, &s.Subject, &s.Name, &s.Email, &s.Domain, &belongs, &s.Browser, &s.Address, &begun, &seen, &until, &ended, &s.EndedBy); err != nil {
		return s, err
	}
	s.Begun, s.Seen, s.Until, s.Ended = fromMicros(begun), fromMicros(seen), fromMicros(until), fromMicros(ended)
	return s, json.Unmarshal([]byte(belongs), &s.Groups)
}

// Used notes that a session was used now.
func (s Sessions) Used(ctx context.Context, id string) error {
	return s.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE sessions SET seen_us = $1 WHERE id = $2 AND seen_us < $1`, micros(b.now), id)
		return err
	})
}

// End ends sessions for good, and says how many were not over yet.
func (s Sessions) End(ctx context.Context, by string, ids ...string) (int64, error) {
	return do(ctx, s.ledger.writer, func(b *batch) (int64, error) {
		var ended int64
		for _, id := range ids {
			res, err := b.exec(`UPDATE sessions SET ended_us = $1, ended_by = $2 WHERE id = $3 AND ended_us = 0`, micros(b.now), by, id)
			if err != nil {
				return 0, err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return 0, b.fail(err)
			}
			ended += n
		}
		return ended, nil
	})
}
