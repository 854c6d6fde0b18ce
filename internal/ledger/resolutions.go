package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/release"
)

// manyPlaces is how many places in line are looked up at once: a search shows no more.
const manyPlaces = 64

// resolutionsText finds for each of some places what reader.resolution finds in three
// statements: the first release that took it up, the one that brought it live (or that
// found nothing to do, and the live one before), and those between that failed. Each is
// found by number, so that old places cost no more than new ones.
const resolutionsText = `SELECT asked.place, COALESCE(served.number, 0), COALESCE(served.live_us, 0), COALESCE(served.ended_us, 0),
	CASE served.live_us WHEN 0 THEN COALESCE((SELECT MAX(before.number) FROM releases AS before
		WHERE before.site = $1 AND before.number < served.number AND before.outcome = 'succeeded'), 0) ELSE 0 END,
	(SELECT string_agg(CAST(failed.number AS TEXT), ' ') FROM (SELECT number FROM releases
		WHERE site = $1 AND number >= taken.number AND (served.number IS NULL OR number < served.number)
		AND outcome NOT IN ('', 'succeeded', 'unchanged') AND upto_place >= asked.place ORDER BY number DESC LIMIT CAST($2 AS BIGINT)) AS failed)
	FROM requests AS asked
	JOIN releases AS taken ON taken.site = $1 AND taken.number = (SELECT number FROM releases
		WHERE site = $1 AND upto_place >= asked.place ORDER BY upto_place, number LIMIT 1)
	LEFT JOIN releases AS served ON served.site = $1 AND served.number = (SELECT number FROM releases
		WHERE site = $1 AND number >= taken.number AND outcome IN ('succeeded', 'unchanged') AND upto_place >= asked.place ORDER BY number LIMIT 1)
	WHERE asked.site = $1 AND asked.place > 0 AND asked.place IN `

// resolutions finds the Resolution of each request of a site, at most manyPlaces of them,
// by their places.
func (s *Snapshot) resolutions(ctx context.Context, at release.Site, requests []Request) (map[int64]Resolution, error) {
	out := make(map[int64]Resolution, len(requests))
	args := make([]any, 2, 2+manyPlaces)
	args[0], args[1] = at.Name, maxFailed
	for _, r := range requests {
		f := Resolution{Status: at.StatusAt(r.Place)}
		if f.Status == release.InRelease {
			f.Release = at.Current.Number
		}
		out[r.Place] = f
		args = append(args, r.Place)
	}
	for len(args) < cap(args) {
		args = append(args, int64(0)) // no place
	}
	rows, err := s.q.QueryContext(ctx, resolutionsText+placeholders(s.engine.Traits(), 3, 1, manyPlaces), args...)
	if err != nil {
		return nil, fmt.Errorf("read the releases of requests: %w", s.engine.Explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var place, served, live, ended, before int64
		var failed sql.NullString
		if err := rows.Scan(&place, &served, &live, &ended, &before, &failed); err != nil {
			return nil, fmt.Errorf("read the releases of requests: %w", err)
		}
		f := out[place]
		switch {
		case served == 0:
		case live == 0: // there was nothing to do: it is live with the release before
			f.Release, f.LiveAt = before, fromMicros(ended)
		default:
			f.Release, f.LiveAt = served, fromMicros(live)
		}
		if f.Status == release.Live && !at.Showing(f.Release) {
			f.Status = release.WasLive
		}
		if f.Failed, err = numbersIn(failed.String); err != nil {
			return nil, err
		}
		out[place] = f
	}
	return out, rows.Err()
}

// numbersIn reads numbers with blanks between, sorted; nil for none.
func numbersIn(text string) (numbers []int64, err error) {
	for field := range strings.FieldsSeq(text) {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read the failed releases of requests: %w", err)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, nil
}
