package ledger

import "context"

// LastEvents lists the audit trail of a site before an id (0: from its end), newest
// first.
func (r reader) LastEvents(ctx context.Context, site string, before int64, limit int) ([]Event, error) {
	return r.events(ctx, `WHERE site = $1 AND (id < $2 OR $2 = 0) ORDER BY id DESC LIMIT $3`, site, before, limit)
}
