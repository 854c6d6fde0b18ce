package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/retention"
)

// Retention removes old history; app/retention makes a pass of its calls. First Cut notes
// in the site up to which release history is removed: from then on no rule and no answer
// depends on older rows. Then Old returns the rows, a few at a time, and Remove deletes
// those that have been exported. Nothing else in this package deletes an event.
type Retention struct{ ledger *Ledger }

// Retention removes old history.
func (l *Ledger) Retention() Retention { return Retention{l} }

// oldestAtOnce is how many of a site's oldest releases one cut considers.
const oldestAtOnce = 5000

// Sites names all sites that have a history, also those that are no longer configured.
func (r Retention) Sites(ctx context.Context) ([]string, error) {
	rows, err := r.ledger.q.QueryContext(ctx, `SELECT name FROM sites ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read the names of all sites: %w", r.ledger.engine.Explain(err))
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read the names of all sites: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// History is the kept history of a site.
type History struct {
	Site release.Site
	// Kept is how many releases there are, Oldest the first of them.
	Kept   int
	Oldest []retention.Past
}

// History reads the kept history of a site, also of one that is no longer configured.
func (r Retention) History(ctx context.Context, name string) (h History, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *Snapshot) error {
		var doc string
		err := s.q.QueryRowContext(ctx, `SELECT doc FROM sites WHERE name = $1`, name).Scan(&doc)
		if errors.Is(err, sql.ErrNoRows) {
			h.Site.Name = name
			return nil
		}
		if err == nil {
			h.Site, err = s.sites.documents.read(name, doc)
		}
		if err == nil {
			err = s.q.QueryRowContext(ctx, `SELECT COUNT(*) FROM releases WHERE site = $1 AND number > $2`, name, h.Site.Removed.Release).Scan(&h.Kept)
		}
		if err == nil {
			h.Oldest, err = oldest(ctx, s, h.Site)
		}
		return err
	})
	if err != nil {
		return h, fmt.Errorf("read the history of %s: %w", name, r.ledger.engine.Explain(err))
	}
	return h, nil
}

func oldest(ctx context.Context, s *Snapshot, site release.Site) ([]retention.Past, error) {
	rows, err := s.q.QueryContext(ctx, `SELECT number, upto_place, outcome, ended_us, doc FROM releases
		WHERE site = $1 AND number > $2 ORDER BY number LIMIT CAST($3 AS BIGINT)`, site.Name, site.Removed.Release, oldestAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []retention.Past
	for rows.Next() {
		var p retention.Past
		var ended int64
		var doc string
		if err := rows.Scan(&p.Number, &p.Upto, &p.Outcome, &ended, &doc); err != nil {
			return nil, err
		}
		var of struct {
			RollbackTo int64 `json:"rollback_to"`
		}
		if err := json.Unmarshal([]byte(doc), &of); err != nil {
			return nil, err
		}
		p.Ended, p.Rollback = fromMicros(ended), of.RollbackTo != 0
		out = append(out, p)
	}
	return out, rows.Err()
}

// Cut decides, in one transaction with the site's current state, up to which release
// history is removed, and notes it. It returns what is noted, also if that did not
// change.
func (r Retention) Cut(ctx context.Context, name string, p retention.Policy) (release.Removed, error) {
	h, err := r.History(ctx, name)
	if err != nil {
		return release.Removed{}, err
	}
	if _, ok := retention.Decide(h.Site, h.Oldest, h.Kept, p, now()); !ok {
		return h.Site.Removed, nil // the writer need not be asked
	}
	return do(ctx, r.ledger.writer, func(b *batch) (release.Removed, error) {
		at, err := b.anySite(name)
		if err != nil {
			return release.Removed{}, err
		}
		event, ok := retention.Decide(at.site, h.Oldest, h.Kept, p, b.now)
		if !ok || at.site.Removed != h.Site.Removed {
			return at.site.Removed, nil
		}
		if err := b.step(at, event); err != nil {
			return at.site.Removed, err
		}
		return at.site.Removed, b.putRemoved(at)
	})
}

// anySite is site, also for one that is no longer configured: its history is removed too.
func (b *batch) anySite(name string) (*loaded, error) {
	l, err := b.site(name)
	if !errors.Is(err, ErrNoSite) {
		return l, err
	}
	l = &loaded{}
	if err := b.queryRow(`SELECT doc FROM sites WHERE name = $1`, []any{name}, &l.stored); err != nil {
		return nil, err
	}
	l.site, err = b.w.ledger.sites.documents.read(name, l.stored)
	return l, err
}

// putRemoved writes a site that is no longer configured, which flush does not.
func (b *batch) putRemoved(l *loaded) error {
	if _, known := b.sites[l.site.Name]; known {
		return nil
	}
	doc, err := json.Marshal(l.site)
	if err != nil {
		return b.fail(fmt.Errorf("write site %s: %w", l.site.Name, err))
	}
	_, err = b.exec(`UPDATE sites SET doc = $1 WHERE name = $2`, string(doc), l.site.Name)
	return err
}

// Free counts the pages of the database's file that Shrink can give back to the file
// system; 0 for a database that manages its own space, or whose file can't shrink.
func (r Retention) Free(ctx context.Context) (pages int64, err error) {
	shrinks, ok := r.ledger.engine.(shrinker)
	if !ok {
		return 0, nil
	}
	if err := r.ledger.q.QueryRowContext(ctx, shrinks.FreePages()).Scan(&pages); err != nil {
		return 0, fmt.Errorf("read how much of the ledger's file is free: %w", r.ledger.engine.Explain(err))
	}
	return pages, nil
}

// Shrink gives free pages back to the file system, at most that many.
func (r Retention) Shrink(ctx context.Context, pages int) error {
	shrinks, ok := r.ledger.engine.(shrinker)
	if !ok {
		return nil
	}
	return r.ledger.writer.act(ctx, func(b *batch) error {
		changed := b.changed
		_, err := b.exec(shrinks.Shrink(pages))
		b.changed = changed // nobody is to be woken
		return err
	})
}

// shrinker is a database.Engine whose file is made smaller by statements.
type shrinker interface {
	// FreePages reads how many pages of the file are free and can be given back.
	FreePages() string
	// Shrink gives at most that many of them back.
	Shrink(pages int) string
}

// NoLongerKept is the error of a read for a request or release that retention has
// removed. It is an ErrNotFound too.
type NoLongerKept struct {
	What string
	release.Removed
	Site string
}

func (g *NoLongerKept) Error() string {
	return fmt.Sprintf("%s is no longer kept: on %s the history of %s was removed up to release #%d, which ended on %s",
		g.What, g.At.Format(time.DateOnly), g.Site, g.Release, g.Before.Format(time.DateOnly))
}

func (g *NoLongerKept) Unwrap() error { return ErrNotFound }

// goneRelease says of a release that can't be found whether it was removed.
func (r reader) goneRelease(ctx context.Context, site string, number int64) error {
	what := fmt.Sprintf("release #%d of %s", number, site)
	at, err := r.Site(ctx, site)
	if err != nil {
		return err
	}
	if number > 0 && number <= at.Removed.Release {
		return &NoLongerKept{What: what, Removed: at.Removed, Site: site}
	}
	return fmt.Errorf("%s: %w", what, ErrNotFound)
}

// goneRequest says of a request that can't be found whether it may have been removed:
// its id tells when it was accepted.
func (r reader) goneRequest(ctx context.Context, id string) error {
	asked, ok := timeOf("req_", id)
	if ok {
		for _, name := range slices.Sorted(slices.Values(r.SiteNames())) {
			at, err := r.Site(ctx, name)
			if err != nil {
				return err
			}
			if asked.Before(at.Removed.Before) {
				return &NoLongerKept{What: "request " + id, Removed: at.Removed, Site: name}
			}
		}
	}
	return fmt.Errorf("request %s: %w", id, ErrNotFound)
}
