package view

import (
	"context"
	"strings"

	"github.com/pressrun/pressrun/internal/ledger"
)

// About narrows the audit trail.
type About string

// What entries of the audit trail may be about.
const (
	AboutAll      About = ""
	AboutReleases About = "releases"
	AboutRequests About = "requests"
	AboutActs     About = "acts"
)

// Abouts lists what the audit trail may be narrowed to.
var Abouts = []About{AboutAll, AboutReleases, AboutRequests, AboutActs}

// lets says whether an entry is about it.
func (a About) lets(e ledger.Event) bool {
	switch a {
	case AboutReleases:
		return strings.HasPrefix(e.Kind, "release.")
	case AboutRequests:
		return e.Request != ""
	case AboutActs:
		return e.Request == "" && !strings.HasPrefix(e.Kind, "release.")
	case AboutAll:
	}
	return true
}

// Operation is what operators look at beside how the site stands.
type Operation struct {
	Site
	// Events are the last ones, newest first; Older is the id to go on before, 0 at
	// the beginning of the trail.
	Events []ledger.Event
	Older  int64
	// Deliveries are what its hooks were told last, newest first.
	Deliveries []ledger.HookDelivery
	// Undelivered counts the notices that were given up.
	Undelivered int
}

const (
	shownEvents     = 50
	shownDeliveries = 20
	// lookedEvents bounds how far one page looks back for what its filter lets through.
	lookedEvents = 1000
)

// Operation reads what operators look at: the trail before an id (0: its end).
func (r *Reader) Operation(ctx context.Context, name string, about About, before int64) (o Operation, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if o.Site, err = r.site(ctx, s, name); err != nil {
			return err
		}
		if err := o.trail(ctx, s, about, before); err != nil {
			return err
		}
		if o.Deliveries, err = s.HookDeliveries(ctx, name, "", shownDeliveries); err != nil {
			return err
		}
		o.Undelivered, err = s.CountNotices(ctx, ledger.NoticeTarget{Site: name}, ledger.NoticeUndelivered)
		return err
	})
	return o, err
}

// trail reads a page of the audit trail.
func (o *Operation) trail(ctx context.Context, s *ledger.Snapshot, about About, before int64) error {
	for looked := 0; looked < lookedEvents; {
		found, err := s.LastEvents(ctx, o.Name, before, shownEvents)
		if err != nil || len(found) == 0 {
			return err
		}
		looked += len(found)
		for _, e := range found {
			if before = e.ID; about.lets(e) {
				o.Events = append(o.Events, e)
			}
			if len(o.Events) == shownEvents {
				o.Older = before
				return nil
			}
		}
	}
	o.Older = before
	return nil
}

// Events lists the audit trail of a site after an id, oldest first.
func (r *Reader) Events(ctx context.Context, name string, after int64, limit int) (found []ledger.Event, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		found, err = s.Events(ctx, name, after, limit)
		return err
	})
	return found, err
}
