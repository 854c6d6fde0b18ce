package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// eventsAtOnce bounds one read of the audit trail.
	eventsAtOnce = 500
	// KeepAlive is how often a silent stream sends a comment that keeps it alive.
	KeepAlive = 15 * time.Second
)

// Events serves the audit trail: as it grows, or page by page.
type Events struct {
	guard
	ledger *ledger.Ledger
	places *stream.Places
	stop   context.Context //nolint:containedctx // the app's own life
	// Beat is the interval of keep-alives; New sets KeepAlive.
	Beat time.Duration
	// tails are shared by the streams of a site, which mostly wait after the same event.
	tails *ledger.Shared[tail, []message]
}

// tail names the events that a stream asks for: of a site, or of all for "", after an event.
type tail struct {
	site  string
	after int64
}

// serve sends the audit trail as server-sent events, or lists it. The ids are those of the
// trail, so that Last-Event-ID, or ?after=, resumes without a gap; without either only new
// events are sent.
func (e *Events) serve(w http.ResponseWriter, r *http.Request) {
	site := r.URL.Query().Get("site")
	if !e.admit(w, r, site, auth.Editor, auth.Operator, auth.CMS) {
		return
	}
	if wantsList(r) {
		e.list(w, r, site)
		return
	}
	leave, full := e.places.Enter(auth.From(r.Context()).Name)
	if full != nil {
		e.problems.WriteRetry(w, r, full, stream.Retry)
		return
	}
	last, restarted, err := e.resumeAt(r)
	if err != nil {
		leave()
		e.problems.Write(w, r, err)
		return
	}
	stream.Stream{Log: e.log, Over: leave, Tell: func(ctx context.Context, out *stream.Events) {
		if !restarted || send(out, restart(site, last)) {
			e.follow(r.WithContext(ctx), out, site, last)
		}
	}}.Serve(w, r)
}

// follow sends the events after one until the reader goes, signs out, or the app stops.
func (e *Events) follow(r *http.Request, out *stream.Events, site string, last int64) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(e.stop, cancel)()
	beat := time.NewTicker(e.Beat)
	defer beat.Stop()
	for {
		grown := e.ledger.TrailGrown(site)
		var ok bool
		if last, ok = e.sendSince(ctx, out, site, last); !ok {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-grown:
		case <-beat.C:
			if !e.auth.StillGood(r) { // signed out meanwhile, or the time is over
				return
			}
			if !out.KeepAlive() {
				return
			}
		}
	}
}

func send(out *stream.Events, e api.Event) bool {
	text, err := json.Marshal(e)
	return err == nil && out.Send(stream.NewEvent(e.ID, e.Kind, text))
}

// resumeAt is the event after which a stream begins. A reader that has seen a later event
// than the trail has saw it in a ledger that a backup has replaced: its stream restarts at
// the end of the trail, since it would wait in silence for that event.
func (e *Events) resumeAt(r *http.Request) (last int64, restarted bool, err error) {
	newest, err := e.ledger.LastEvent(r.Context())
	if err != nil {
		return 0, false, err
	}
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return newest, false, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, false, problem.Invalid("header.Last-Event-ID", "must be the id of an event")
	}
	return min(id, newest), id > newest, nil
}

// restart is the event that tells a reader that its last events are void. It is in no
// ledger.
func restart(site string, newest int64) api.Event {
	return api.Event{
		ID: newest, Site: site, At: ledger.Now(), Kind: api.EventsRestarted,
		Why: fmt.Sprintf("the audit trail ends with event %d: an earlier ledger was restored; read again what you show", newest),
	}
}

// sendSince sends the events after one. It returns the last one sent.
func (e *Events) sendSince(ctx context.Context, out *stream.Events, site string, last int64) (int64, bool) {
	who := auth.From(ctx)
	for {
		events, err := e.tails.Get(ctx, tail{site, last}, func(ctx context.Context) ([]message, error) { return e.read(ctx, site, last) })
		if err != nil {
			return last, false // the reader comes back and resumes
		}
		for _, one := range events {
			last = one.id
			if !who.Sees(one.site) {
				continue
			}
			if !out.Send(one.piece) {
				return last, false
			}
		}
		if len(events) < eventsAtOnce {
			return last, true
		}
	}
}

// message is an event as streams send it.
type message struct {
	id    int64
	site  string
	piece stream.Piece
}

// read reads the events after one, as streams send them.
func (e *Events) read(ctx context.Context, site string, after int64) ([]message, error) {
	events, err := e.ledger.Events(ctx, site, after, eventsAtOnce)
	if err != nil {
		return nil, err
	}
	out := make([]message, 0, len(events))
	for _, one := range events {
		text, err := json.Marshal(view.Event(one))
		if err != nil {
			return nil, fmt.Errorf("write event %d: %w", one.ID, err)
		}
		out = append(out, message{one.ID, one.Site, stream.NewEvent(one.ID, one.Kind, text)})
	}
	return out, nil
}
