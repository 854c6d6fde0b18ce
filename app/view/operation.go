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
	// HandedOff are the receivers of what goes live.
	HandedOff []HandedOff
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

// Told reads the notices of a site, newest first.
func (r *Reader) Told(ctx context.Context, site string, f ledger.NoticeFilter, limit int) (of Site, all []ledger.Notice, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if of, err = siteOf(ctx, r, s, site); err != nil {
			return err
		}
		all, err = s.Notices(ctx, site, f, limit)
		return err
	})
	return of, all, err
}

// HandedOff is how far a receiver was handed what went live on a site.
type HandedOff struct {
	Target string
	DryRun bool
	ledger.Handed
}

// handed reads how far the receivers of a site were handed what went live.
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

// ToldOne reads one notice of a site.
func (r *Reader) ToldOne(ctx context.Context, site, id string) (one ledger.Notice, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		one, err = s.Notice(ctx, site, id)
		return err
	})
	return one, err
}

// ToldWords say how a notice stands.
func ToldWords(l words.Language, n ledger.Notice) string {
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

// ToldWire is a notice as the API gives it; its body only where one is asked for.
func ToldWire(n ledger.Notice, body bool) api.Notice {
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

// Account reads what became of every address of a release, as it was kept.
func (r *Reader) Account(ctx context.Context, site string, number int64) (kept []byte, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		kept, err = s.Account(ctx, site, number)
		return err
	})
	return kept, err
}
