package view

import (
	"context"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// Rollback is what putting an earlier release back would change.
type Rollback struct {
	Of Site
	To Release
	// Shows is the number of the release whose content the site shows now, 0 when
	// that is not known.
	Shows int64
	// Changed are requests, newest first, that would no longer be seen; or be seen
	// again, when Forward. More says that there are more.
	Changed []Request
	Forward bool
	More    bool
}

// rollbackShown bounds how many requests a Rollback lists.
const rollbackShown = 50

// Possible says whether the release can be put back: it was live, and is not what
// the site shows.
func (v Rollback) Possible() bool {
	return v.To.Outcome == release.Succeeded && v.To.Content() != v.Shows
}

// Rollback reads what putting a release back would change.
func (r *Reader) Rollback(ctx context.Context, name string, to int64) (v Rollback, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if v.Of, err = r.site(ctx, s, name); err != nil {
			return err
		}
		found, err := s.Release(ctx, name, to)
		if err != nil {
			return err
		}
		v.To, v.Shows = v.Of.release(found), v.Of.Shows()
		if v.Shows == 0 || !v.Possible() {
			return nil
		}
		content, err := s.Release(ctx, name, v.To.Content())
		if err != nil {
			return err
		}
		shown, err := s.Release(ctx, name, v.Shows)
		if err != nil {
			return err
		}
		after, upto := content.Upto, shown.Upto
		if after > upto {
			after, upto, v.Forward = upto, after, true
		}
		changed, err := s.Requests(ctx, name, after, upto, rollbackShown+1)
		if err != nil {
			return err
		}
		v.More = len(changed) > rollbackShown
		v.Changed = v.Of.Requests(changed[:min(len(changed), rollbackShown)])
		return nil
	})
	return v, err
}
