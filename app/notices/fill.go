package notices

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
)

// storeEvery is after how many events without a notice the cursor is stored: a write at
// each event would cost a commit each.
const storeEvery = 1000

// fill makes notices of events and puts them in line, until enough wait there or all events
// have been read.
func (t *target) fill(ctx context.Context) error {
	t.people.look = ledger.Now().Add(queueLook)
	for ctx.Err() == nil {
		waiting, err := t.ledger.CountNotices(ctx, t.NoticeTarget, ledger.NoticeWaiting)
		if err != nil || waiting >= most {
			return err
		}
		from, err := t.ledger.NoticeCursor(ctx, t.NoticeTarget)
		if err != nil {
			return err
		}
		begin := from
		if t.seen.Event > from.Event {
			begin = t.seen
		}
		upto, made, err := t.read(ctx, begin)
		if err != nil || upto == begin && len(made) == 0 {
			return err
		}
		t.seen = upto
		if len(made) == 0 && upto.Event-from.Event < storeEvery && upto.Memory == from.Memory {
			continue
		}
		if err := t.lines.Make(ctx, t.NoticeTarget, from, upto, made); err != nil {
			t.seen = ledger.NoticeCursor{} // the same events are read again
			return err
		}
	}
	return ctx.Err()
}

// read makes notices of the events after a cursor, and gives the cursor after them.
func (t *target) read(ctx context.Context, from ledger.NoticeCursor) (upto ledger.NoticeCursor, made []ledger.Notice, err error) {
	upto = from
	err = t.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if t.kind.People {
			upto, made, err = t.tellPeople(ctx, s, from)
			return err
		}
		events, err := s.Events(ctx, t.Site, from.Event, most)
		if err != nil {
			return err
		}
		for _, e := range events {
			if t.settles(e, ledger.Now()) {
				return nil
			}
			more, rest, err := t.noticesOf(ctx, s, e, upto.Place)
			if err != nil {
				return err
			}
			made = append(made, more...)
			if rest != 0 {
				upto.Place = rest
				return nil
			}
			upto = ledger.NoticeCursor{Event: e.ID}
			if len(made) >= most {
				return nil
			}
		}
		return nil
	})
	return upto, made, err
}

// settles says whether an event must wait before notices are made of it, and notes until
// when. After the clock was put back, no event waits.
func (t *target) settles(e ledger.Event, now time.Time) bool {
	t.settled = time.Time{}
	if t.kind.Settle == 0 || e.Kind != release.KindEnded || e.At.After(now) || !now.Before(e.At.Add(t.kind.Settle)) {
		return false
	}
	t.settled = e.At.Add(t.kind.Settle)
	return true
}

// stepsOf are the steps of the run of a release that ended.
func stepsOf(ctx context.Context, s *ledger.Snapshot, e ledger.Event) ([]notify.Step, error) {
	found, err := s.Release(ctx, e.Site, e.Release)
	if err != nil || found.Metrics == "" {
		return nil, err
	}
	var measured api.Metrics
	if err := json.Unmarshal([]byte(found.Metrics), &measured); err != nil {
		return nil, fmt.Errorf("read the measurements of release #%d: %w", e.Release, err)
	}
	var steps []notify.Step
	for _, step := range measured.Steps {
		if step.Result != "skipped" {
			took := time.Duration(step.Seconds * float64(time.Second))
			steps = append(steps, notify.Step{Name: step.Name, Started: step.StartedAt, Took: took, Failed: step.Result == "failed"})
		}
	}
	return steps, nil
}

// noticesOf are the notices of an event for the target's kind.
func (t *target) noticesOf(ctx context.Context, s *ledger.Snapshot, e ledger.Event, after int64) (made []ledger.Notice, rest int64, err error) {
	if t.kind.HandsOff {
		made, err = t.handOff(ctx, s, e)
		return made, 0, err
	}
	return t.notices(ctx, s, e, after)
}

// notices are the notices of an event: one about the event itself, unless after says that
// it was made before, and one about each request that its release serves with a place after
// that. rest is the last of those places when there are more.
func (t *target) notices(ctx context.Context, s *ledger.Snapshot, e ledger.Event, after int64) (made []ledger.Notice, rest int64, err error) {
	record, of, err := recordOf(ctx, s, e)
	if err != nil {
		return nil, 0, err
	}
	fact, known := notify.Of(t.site, record, of)
	if known && after == 0 && t.wants(fact.Type) {
		if t.kind.Steps && of != nil {
			if fact.Steps, err = stepsOf(ctx, s, e); err != nil {
				return nil, 0, err
			}
		}
		if e.Request != "" {
			_, about, err := s.Request(ctx, e.Request)
			if err != nil {
				return nil, 0, err
			}
			fact = fact.About(fact.Type, requestOf(about.Request))
		}
		if made, err = t.add(made, fact); err != nil {
			return nil, 0, err
		}
	}
	what := notify.OfRequests(record, of)
	if what == "" || !t.wants(what) {
		return made, 0, nil
	}
	fact.Event, fact.At = e.ID, e.At
	served, err := s.RequestsInLine(ctx, t.Site, max(after, of.After), of.Upto, most)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range served {
		if made, err = t.add(made, fact.About(what, requestOf(r))); err != nil {
			return nil, 0, err
		}
	}
	if len(served) == most && served[most-1].Place < of.Upto {
		rest = served[most-1].Place
	}
	return made, rest, nil
}

// recordOf is an event as internal/notify reads it, with its release; nil for none.
func recordOf(ctx context.Context, s *ledger.Snapshot, e ledger.Event) (record notify.Record, of *release.Release, err error) {
	if e.Release != 0 && e.Request == "" {
		found, err := s.Release(ctx, e.Site, e.Release)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return record, nil, err
		}
		if err == nil {
			of = &found.Release
		}
	}
	return notify.Record{Event: e.ID, Kind: e.Kind, By: e.By, Why: e.Why, At: e.At}, of, nil
}

// wants says whether the target gets notices of a type.
func (t *target) wants(what notify.Type) bool {
	return t.kind.Can(what) && (t.wanted == nil || slices.Contains(t.wanted, what))
}

// add makes a notice of a fact.
func (t *target) add(made []ledger.Notice, f notify.Fact) ([]ledger.Notice, error) {
	id := f.ID(t.Name)
	body, err := t.kind.Body(id, f)
	if err != nil {
		return nil, err
	}
	one := ledger.Notice{ID: id, Target: t.NoticeTarget, Type: string(f.Type), Body: string(body), Until: f.At.Add(t.tried()), Watermark: f.Watermark()}
	if f.Release != nil {
		one.Release = f.Release.Number
	}
	if f.Request != nil {
		one.Request = f.Request.ID
	}
	return append(made, one), nil
}

func requestOf(r ledger.Request) notify.Request {
	return notify.Request{
		ID: r.ID, Entity: r.Entity, Title: r.Title, Link: r.Link, Actor: r.Actor, Reason: r.Reason, Source: r.Source, AcceptedAt: r.AcceptedAt, NotBefore: r.NotBefore,
	}
}
