package view

import (
	"context"
	"encoding/json"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/words"
)

// Told reads the notices of a site, newest first.
func (r *Reader) Told(ctx context.Context, site string, f ledger.NoticeFilter, limit int) (of Site, all []ledger.Notice, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if of, err = r.site(ctx, s, site); err != nil {
			return err
		}
		all, err = s.Notices(ctx, site, f, limit)
		return err
	})
	return of, all, err
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
