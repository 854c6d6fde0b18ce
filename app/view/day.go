package view

import (
	"context"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Day has the releases that went live at a site on a day by the reader's clock.
type Day struct {
	Site
	Date calendar.Date
	// Releases are newest first; More says that there were more than the limit.
	Releases []PastRelease
	More     bool
}

// Today is the day on which it was read.
func (d Day) Today() calendar.Date { return calendar.DateOf(d.Now, d.Zone) }

// LiveOn reads the releases that went live on a day. chosen gives the day, by the date of
// today in the reader's zone.
func (r *Reader) LiveOn(ctx context.Context, name string, chosen func(today calendar.Date) calendar.Date, limit int) (d Day, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if d.Site, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		d.Date = chosen(d.Today())
		found, err := s.LiveBetween(ctx, name, d.Date.Begin(d.Zone), d.Date.Add(1).Begin(d.Zone), limit+1)
		if err != nil {
			return err
		}
		if d.More = len(found) > limit; d.More {
			found = found[:limit]
		}
		d.Releases, err = withRequests(ctx, s, d.Site, found)
		return err
	})
	return d, err
}
