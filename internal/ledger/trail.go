package ledger

import (
	"context"
	"math"
)

// LastEvents lists the audit trail of a site before an id (0: from its end), newest
// first.
func (r eventReader) LastEvents(ctx context.Context, site string, before int64, limit int) ([]Event, error) {
	if before == 0 {
		before = math.MaxInt64 // as for Releases
	}
	return r.events(ctx, `WHERE site = $1 AND id < $2 ORDER BY id DESC LIMIT CAST($3 AS BIGINT)`, site, before, limit)
}

// EventsOf lists the audit trail of all sites after an id and up to another, oldest
// first: only those of two kinds.
func (r eventReader) EventsOf(ctx context.Context, after, upto int64, limit int, kind, other string) ([]Event, error) {
	return r.events(ctx, `WHERE id > $1 AND id <= $2 AND (kind = $3 OR kind = $4) ORDER BY id LIMIT CAST($5 AS BIGINT)`, after, upto, kind, other, limit)
}
