package view

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/words"
)

// About narrows the audit trail.
type About string

// The subjects of entries of the audit trail.
const (
	AboutAll      About = ""
	AboutReleases About = "releases"
	AboutRequests About = "requests"
	AboutActs     About = "acts"
)

// Abouts lists all subjects.
var Abouts = []About{AboutAll, AboutReleases, AboutRequests, AboutActs}

// matches says whether an entry has the subject.
func (a About) matches(e ledger.Event) bool {
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

// Operation is the view of a site for operators.
type Operation struct {
	Site
	// Events are the last ones, newest first; the next page of the trail is before the id
	// Older, 0 at the beginning of the trail.
	Events []ledger.Event
	Older  int64
	// Deliveries are the last calls of its hooks, newest first.
	Deliveries []ledger.HookDelivery
	// Undelivered counts the notices that were given up.
	Undelivered int
	// HandedOff are the targets of hand-offs.
	HandedOff []HandedOff
}

const (
	shownEvents     = 50
	shownDeliveries = 20
	// lookedEvents bounds how far one page looks back for events of its subject.
	lookedEvents = 1000
)

// Operation reads the view for operators, with the trail before an id (0: its end).
func (r *Reader) Operation(ctx context.Context, name string, about About, before int64) (o Operation, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if o.Site, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		if err := o.trail(ctx, s, about, before); err != nil {
			return err
		}
		if o.Deliveries, err = s.HookDeliveries(ctx, name, "", shownDeliveries); err != nil {
			return err
		}
		if o.HandedOff, err = handed(ctx, s, name, r.sites[name].HandOffs()); err != nil {
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
			if before = e.ID; about.matches(e) {
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

// Notices reads the notices of a site, newest first.
func (r *Reader) Notices(ctx context.Context, site string, f ledger.NoticeFilter, limit int) (of Site, all []ledger.Notice, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if of, err = siteOf(ctx, r, s, site); err != nil {
			return err
		}
		all, err = s.Notices(ctx, site, f, limit)
		return err
	})
	return of, all, err
}

// HandedOff is the progress of a target of hand-offs.
type HandedOff struct {
	Target string
	DryRun bool
	ledger.Handed
}

// handed reads the progress of a site's targets of hand-offs.
func handed(ctx context.Context, s *ledger.Snapshot, site string, targets []config.Target) (all []HandedOff, err error) {
	for _, t := range targets {
		handed, err := s.Handed(ctx, ledger.NoticeTarget{Site: site, Name: t.Name})
		if err != nil {
			return nil, err
		}
		all = append(all, HandedOff{Target: t.Name, DryRun: t.DryRun, Handed: handed})
	}
	return all, nil
}

// Notice reads one notice of a site.
func (r *Reader) Notice(ctx context.Context, site, id string) (one ledger.Notice, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		one, err = s.Notice(ctx, site, id)
		return err
	})
	return one, err
}

// NoticeWords name the state of a notice.
func NoticeWords(l words.Language, n ledger.Notice) string {
	switch n.State {
	case ledger.NoticeDelivered:
		return l.Say("Delivered")
	case ledger.NoticeUndelivered:
		return l.Say("Undelivered after %d tries", n.Tries)
	case ledger.NoticeWaiting:
		if n.Tries > 0 {
			return l.Say("Waits, after %d tries", n.Tries)
		}
	}
	return l.Say("Waits")
}

// NoticeWire is a notice as the API gives it, with its body if that is wanted.
func NoticeWire(n ledger.Notice, body bool) api.Notice {
	out := api.Notice{
		ID: n.ID, Target: n.Target.Name, Type: n.Type, Release: n.Release, Request: n.Request, State: string(n.State), Tries: n.Tries,
		Answer: n.Answer, Watermark: instant(n.Watermark),
		Status: n.Status, Trouble: n.Trouble, CreatedAt: n.Created, TriedAt: instant(n.Tried),
	}
	if n.State == ledger.NoticeWaiting {
		out.DueAt = instant(n.Due)
	}
	if body {
		out.Body = json.RawMessage(n.Body)
	}
	return out
}

// Account reads the stored account of a release's addresses.
func (r *Reader) Account(ctx context.Context, site string, number int64) (kept []byte, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		kept, err = s.Account(ctx, site, number)
		return err
	})
	return kept, err
}
