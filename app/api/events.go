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
	// eventsAtOnce bounds one read of the event log.
	eventsAtOnce = 500
	// KeepAlive is how often a silent stream says that it lives.
	KeepAlive = 15 * time.Second
)

// Events tells the audit trail: as it grows, or page by page.
type Events struct {
	guard
	ledger *ledger.Ledger
	places *stream.Places
	stop   context.Context //nolint:containedctx // the app's own life
	// Beat is how often a silent stream says that it lives; New sets KeepAlive.
	Beat time.Duration
	// tails are what came after an event: all streams of a site wait at the same one.
	tails *ledger.Shared[tail, []told]
}

// tail is what a stream asks for: of a site, or of all for "", after an event.
type tail struct {
	site  string
	after int64
}

// serve sends the audit trail as server-sent events, or lists it. The ids are
// those of the log, so that Last-Event-ID, or ?after=, resumes without a gap;
// without either only new events are sent.
func (e *Events) serve(w http.ResponseWriter, r *http.Request) {
	site := r.URL.Query().Get("site")
	if !e.let(w, r, site, auth.Editor, auth.Operator, auth.CMS) {
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

// follow sends what comes after an event until the reader goes, signs out, or
// the app stops.
func (e *Events) follow(r *http.Request, out *stream.Events, site string, last int64) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(e.stop, cancel)()
	beat := time.NewTicker(e.Beat)
	defer beat.Stop()
	for {
		news := e.ledger.Told(site)
		var ok bool
		if last, ok = e.sendSince(ctx, out, site, last); !ok {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
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

// resumeAt is the event after which a stream begins. An event that is not there
// yet was seen in a ledger that a backup has replaced: waiting for it would keep
// the reader in silence, so the stream restarts from how things are now.
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

// restart tells a reader that what it has seen last is no longer so. It is in no
// ledger.
func restart(site string, newest int64) api.Event {
	return api.Event{
		ID: newest, Site: site, At: ledger.Now(), Kind: api.EventsRestarted,
		Why: fmt.Sprintf("the audit trail ends with event %d: an earlier ledger was restored; read again what you show", newest),
	}
}

// sendSince sends what came after an event. It returns the last one sent.
func (e *Events) sendSince(ctx context.Context, out *stream.Events, site string, last int64) (int64, bool) {
	who := auth.From(ctx)
	for {
		events, err := e.tails.Get(ctx, tail{site, last}, func(ctx context.Context) ([]told, error) { return e.read(ctx, site, last) })
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

// told is an event as streams tell it.
type told struct {
	id    int64
	site  string
	piece stream.Piece
}

// read reads what came after an event, and writes it as streams tell it.
func (e *Events) read(ctx context.Context, site string, after int64) ([]told, error) {
	events, err := e.ledger.Events(ctx, site, after, eventsAtOnce)
	if err != nil {
		return nil, err
	}
	out := make([]told, 0, len(events))
	for _, one := range events {
		text, err := json.Marshal(view.Event(one))
		if err != nil {
			return nil, fmt.Errorf("write event %d: %w", one.ID, err)
		}
		out = append(out, told{one.ID, one.Site, stream.NewEvent(one.ID, one.Kind, text)})
	}
	return out, nil
}
