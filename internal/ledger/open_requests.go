package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/release"
)

// Asked is a request and what has become of it.
type Asked struct {
	Request
	Fate Fate
}

// OpenRequests lists what is not live yet, as of one instant: the requests in
// line, newest first, then the scheduled ones, the next first; at most limit of
// either. It also gives the site as it stands then.
func (l *Ledger) OpenRequests(ctx context.Context, name string, limit int) (site release.Site, open []Asked, err error) {
	tx, err := l.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return site, nil, fmt.Errorf("read the requests of %s: %w", name, explain(err))
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	if site, err = l.site(ctx, tx, name); err != nil {
		return site, nil, err
	}
	waiting, err := requestsFrom(ctx, tx, name, site.Served, site.Accepted, limit)
	if err != nil {
		return site, nil, err
	}
	scheduled, err := scheduledRequests(ctx, tx, name, limit)
	if err != nil {
		return site, nil, err
	}
	since, err := failures(ctx, tx, name, site.Served)
	if err != nil {
		return site, nil, err
	}
	for _, r := range append(waiting, scheduled...) {
		fate := Fate{Standing: site.Standing(r.Place), Failed: failedFor(r.Place, since)}
		if fate.Standing == release.InRelease {
			fate.Release = site.Current.Number
		}
		open = append(open, Asked{r, fate})
	}
	return site, open, nil
}

// failure is a release that ended without success: its number, and the last
// place in line that it took up.
type failure struct{ number, upto int64 }

// maxFailures bounds how many failures are looked at: far more than a site has
// between two successes, since it is held after a few.
const maxFailures = 1000

// failures are the releases that ended without success and took up places after
// one, the oldest first.
func failures(ctx context.Context, q querier, site string, after int64) ([]failure, error) {
	rows, err := q.QueryContext(ctx, `SELECT number, upto_place FROM releases
		WHERE site = $1 AND upto_place > $2 AND outcome <> '' AND outcome <> 'succeeded'
		ORDER BY upto_place DESC, number DESC LIMIT $3`, site, after, maxFailures)
	if err != nil {
		return nil, fmt.Errorf("read the failed releases of %s: %w", site, explain(err))
	}
	defer rows.Close()
	var out []failure
	for rows.Next() {
		var f failure
		if err := rows.Scan(&f.number, &f.upto); err != nil {
			return nil, fmt.Errorf("read the failed releases of %s: %w", site, err)
		}
		out = append(out, f)
	}
	slices.Reverse(out)
	return out, rows.Err()
}

// failedFor are the numbers of the releases, the newest 50, that took a place up
// and failed; the oldest first. Places grow with the numbers of releases.
func failedFor(place int64, failures []failure) []int64 {
	if place == 0 {
		return nil
	}
	var numbers []int64
	for _, f := range failures {
		if f.upto >= place {
			numbers = append(numbers, f.number)
		}
	}
	return numbers[max(0, len(numbers)-maxFailed):]
}
