package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/release"
)

// decisions are the ledger's calls that decide or write. Many of them may share a transaction.
type decisions struct{ writer *writer }

// Accepted is a request that was accepted, and its site just after, so that an answer
// needs no further reading. Again says that its key was used before: then Request is the
// earlier one, and Site is as it is now.
type Accepted struct {
	Request Request
	Site    release.Site
	Again   bool
}

// Accept accepts a request. When it returns without an error the request is on
// disk. A request whose key was used before for the site is not accepted again.
//
// After any error but a refusal (ErrNoSite, *release.Conflict, *Unavailable)
// it is not known whether the request was accepted; asking again with the same
// key is safe.
func (d decisions) Accept(ctx context.Context, in Request) (Accepted, error) {
	return doFor(ctx, d.writer, in.Site, in.Key, func(b *batch) (a Accepted, err error) {
		if a.Request, a.Again, err = b.accept(in); err == nil {
			a.Site = b.sites[in.Site].site
		}
		return a, err
	})
}

func (b *batch) accept(in Request) (Request, bool, error) {
	at, err := b.site(in.Site)
	if err != nil {
		return Request{}, false, err
	}
	if in.Key != "" {
		if known, ok, err := b.known(in.Site, in.Key); ok || err != nil {
			return known, ok, err
		}
	}
	if b.w.ledger.sites.now.Load().closed[in.Site] {
		return Request{}, false, fmt.Errorf("site %q is no longer configured: %w", in.Site, ErrNoSite)
	}
	in.ID, in.AcceptedAt, in.Place = b.w.ids.next("req_", b.now), b.now, 0
	in.NotBefore = fromMicros(micros(in.NotBefore))
	kind, line := KindAccepted, !in.NotBefore.After(b.now)
	if !line {
		kind = KindScheduled
	}
	e := len(b.events)
	b.event(Event{Site: in.Site, Kind: kind, Request: in.ID, By: in.by(), Why: in.why()})
	if err := b.step(at, release.RequestAccepted{Source: in.Source, NotBefore: in.NotBefore, Emergency: in.Emergency}); err != nil {
		b.events = b.events[:e] // a refused request leaves no event
		return Request{}, false, err
	}
	if line {
		in.Place = at.site.Accepted
		b.events[e].Release = serving(at.site, in.Place)
	}
	b.requests = append(b.requests, in)
	if in.Key != "" {
		if b.keys == nil {
			b.keys = map[[2]string]Request{}
		}
		b.keys[[2]string{in.Site, in.Key}] = in
	}
	return in, false, nil
}

// serving is the number of the release that serves a place in line, 0 for none.
func serving(site release.Site, place int64) int64 {
	if site.StatusAt(place) != release.InRelease {
		return 0
	}
	return site.Current.Number
}

// by names the actor, and the credential if that has another name.
func (r Request) by() string {
	if r.Via == "" || r.Via == r.Actor {
		return r.Actor
	}
	return r.Actor + " (" + r.Via + ")"
}

// why sums a request up for the audit trail.
func (r Request) why() string {
	words := string(r.Source)
	if r.Emergency {
		words = "emergency, " + words
	}
	for _, more := range []string{r.Title, r.Reason} {
		if more != "" {
			words += ": " + more
		}
	}
	return words
}

// known finds a request by its key, in this batch or on disk.
func (b *batch) known(site, key string) (Request, bool, error) {
	if r, ok := b.keys[[2]string{site, key}]; ok {
		return r, true, nil
	}
	if b.unused[[2]string{site, key}] {
		return Request{}, false, nil
	}
	var r Request
	var s scanned
	err := b.queryRow(`SELECT `+requestColumns+` FROM requests WHERE site = $1 AND idem_key = $2`, []any{site, key}, r.scanWith(&s)...)
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, false, nil
	}
	r.settle(s)
	return r, err == nil, err
}

// Decide lets the rules decide about an event and writes the outcome. A refusal by the
// rules is a *release.Conflict.
func (d decisions) Decide(ctx context.Context, site string, event release.Event) (release.Site, error) {
	return decideTask(ctx, d, site, event, 0)
}

// Answer is Decide for the answer to a task of the outbox: the task is removed in the
// same transaction, even if the rules refuse the answer.
func (d decisions) Answer(ctx context.Context, task Task, event release.Event) (release.Site, error) {
	return decideTask(ctx, d, task.Site, event, task.ID)
}

// verdict is the site after an event, or the rules' refusal. A refusal does not fail the
// decision: its other changes are committed.
type verdict struct {
	site    release.Site
	refusal error
}

func (v verdict) after(err error) (release.Site, error) {
	if err != nil {
		return v.site, err
	}
	return v.site, v.refusal
}

func decideTask(ctx context.Context, d decisions, site string, event release.Event, task int64) (release.Site, error) {
	v, err := do(ctx, d.writer, func(b *batch) (v verdict, err error) {
		at, err := b.site(site)
		if err != nil {
			return v, err
		}
		v.refusal = b.step(at, event)
		v.site = at.site
		if task == 0 {
			return v, nil
		}
		_, err = b.exec(`DELETE FROM outbox WHERE id = $1`, task)
		return v, err
	})
	return v.after(err)
}

// ClaimTurn is Decide for the claim of a run that nobody dispatched. The run counts as a
// request (once, by its key), so that its release has a request to serve, and the request
// stays if the run has to wait and dies.
func (d decisions) ClaimTurn(ctx context.Context, asked Request, claim release.Claim) (release.Site, error) {
	v, err := do(ctx, d.writer, func(b *batch) (v verdict, err error) {
		at, err := b.site(asked.Site)
		if err != nil {
			return v, err
		}
		if !at.site.Held(claim.Run) {
			if _, _, err := b.accept(asked); err != nil {
				return v, err
			}
		}
		v.refusal = b.step(at, claim)
		v.site = at.site
		return v, nil
	})
	return v.after(err)
}

// PutMetrics keeps the metrics of a run, as JSON.
func (d decisions) PutMetrics(ctx context.Context, site string, number int64, metrics string) error {
	return d.writer.act(ctx, func(b *batch) error {
		res, err := b.exec(`UPDATE releases SET metrics = $1 WHERE site = $2 AND number = $3`, metrics, site, number)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrNotFound, err)
		}
		return nil
	})
}

// Record adds an entry to the audit trail that no rule writes, such as a sign-in.
func (d decisions) Record(ctx context.Context, e Event) error {
	return d.writer.act(ctx, func(b *batch) error {
		b.event(e)
		return nil
	})
}
