package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// ScheduleLook is a check of a site's schedule: its slots up to At have been handled.
type ScheduleLook struct {
	Site, Schedule string
	At             time.Time
	// Skipped is why a slot that came asked for nothing; "" for none.
	Skipped string
}

// Schedules are the checks of the sites' schedules.
type Schedules struct{ ledger *Ledger }

// Schedules are the checks of the sites' schedules.
func (l *Ledger) Schedules() Schedules { return Schedules{l} }

// LookedAt keeps a check of a schedule and, in the same transaction, the request that it
// led to, if any. The request's key must name the schedule and the slot, so that each
// slot is asked for once, even after a crash between two checks.
func (s Schedules) LookedAt(ctx context.Context, look ScheduleLook, ask *Request) (release.Site, error) {
	key := ""
	if ask != nil {
		key = ask.Key
	}
	return doFor(ctx, s.ledger.writer, look.Site, key, func(b *batch) (release.Site, error) {
		at, err := b.site(look.Site)
		if err != nil {
			return release.Site{}, err
		}
		if ask != nil {
			if _, _, err := b.accept(*ask); err != nil {
				return at.site, err
			}
		}
		if look.Skipped != "" {
			b.event(Event{Site: look.Site, Kind: KindSkipped, By: "schedule " + look.Schedule, Why: look.Skipped})
		}
		_, err = b.exec(`INSERT INTO schedules (site, name, looked_us) VALUES ($1, $2, $3)
			ON CONFLICT (site, name) DO UPDATE SET looked_us = excluded.looked_us`, look.Site, look.Schedule, micros(look.At))
		return at.site, err
	})
}

// ScheduleLooks are the instants up to which the slots of a site's schedules have been
// handled, by name.
func (r reader) ScheduleLooks(ctx context.Context, site string) (map[string]time.Time, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT name, looked_us FROM schedules WHERE site = $1`, site)
	if err != nil {
		return nil, fmt.Errorf("read the schedules of %s: %w", site, r.engine.Explain(err))
	}
	defer rows.Close()
	looks := map[string]time.Time{}
	for rows.Next() {
		var name string
		var looked int64
		if err := rows.Scan(&name, &looked); err != nil {
			return nil, fmt.Errorf("read the schedules of %s: %w", site, err)
		}
		looks[name] = fromMicros(looked)
	}
	return looks, rows.Err()
}

// Begin makes the named schedules those of a site, and returns the instant up to which
// the slots of each have been handled. A new schedule begins at now; one that is no
// longer named is forgotten.
func (s Schedules) Begin(ctx context.Context, site string, names []string, now time.Time) (map[string]time.Time, error) {
	known, err := s.ledger.ScheduleLooks(ctx, site)
	if err != nil {
		return nil, err
	}
	looks := map[string]time.Time{}
	err = s.ledger.writer.act(ctx, func(b *batch) error {
		for _, name := range slices.Sorted(maps.Keys(known)) {
			if slices.Contains(names, name) {
				continue
			}
			if _, err := b.exec(`DELETE FROM schedules WHERE site = $1 AND name = $2`, site, name); err != nil {
				return err
			}
		}
		for _, name := range names {
			at, ok := known[name]
			if !ok {
				at = now.UTC().Truncate(time.Microsecond)
				if _, err := b.exec(`INSERT INTO schedules (site, name, looked_us) VALUES ($1, $2, $3)`, site, name, micros(at)); err != nil {
					return err
				}
			}
			looks[name] = at
		}
		return nil
	})
	return looks, err
}

// Changed says whether hooks have noted changes that are not live yet.
func (s Schedules) Changed(ctx context.Context, site release.Site) (bool, error) {
	var n int64
	err := s.ledger.q.QueryRowContext(ctx, `SELECT COUNT(*) FROM changes WHERE site = $1 AND changed_us >= $2`, site.Name, micros(wentOut(site))).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read whether %s has changed: %w", site.Name, s.ledger.engine.Explain(err))
	}
	return n > 0, nil
}
