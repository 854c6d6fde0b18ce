package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// eventsAtOnce bounds one read of the event log.
	eventsAtOnce = 500
	// keepAlive is how often a silent stream says that it lives.
	keepAlive = 15 * time.Second
	// writeLimit is how long a reader may take to accept a piece.
	writeLimit = 30 * time.Second
)

// streamEvents sends the audit trail as server-sent events (WHATWG HTML,
// section 9.2). The ids are those of the log, so that Last-Event-ID, or
// ?after=, resumes without a gap; without either only new events are sent.
func (a *App) streamEvents(w http.ResponseWriter, r *http.Request) {
	site := r.URL.Query().Get("site")
	if !a.let(w, r, site, auth.Editor, auth.Operator, auth.CMS) {
		return
	}
	if wantsList(r) {
		a.listEvents(w, r, site)
		return
	}
	leave, full := a.streams.enter(auth.From(r.Context()).Name)
	if full != nil {
		a.problems.WriteRetry(w, r, full, streamAgain)
		return
	}
	defer leave()
	last, restarted, err := a.resumeAt(r)
	if err != nil {
		a.problems.Write(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s := &stream{w: w, rc: http.NewResponseController(w)}
	if !s.send(": connected\nretry: 2000\n\n") || restarted && !s.event(restart(site, last)) {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.stop, cancel)()
	beat := time.NewTicker(a.streams.beat)
	defer beat.Stop()
	for {
		told := a.ledger.Told(site)
		var ok bool
		if last, ok = a.sendSince(ctx, s, site, last); !ok {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-told:
		case <-beat.C:
			if a.auth.Caller(r) == nil { // signed out meanwhile, or the time is over
				return
			}
			if !s.send(": still here\n\n") {
				return
			}
		}
	}
}

// resumeAt is the event after which a stream begins. An event that is not there
// yet was seen in a ledger that a backup has replaced: waiting for it would keep
// the reader in silence, so the stream restarts from how things are now.
func (a *App) resumeAt(r *http.Request) (last int64, restarted bool, err error) {
	newest, err := a.ledger.LastEvent(r.Context())
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
func (a *App) sendSince(ctx context.Context, s *stream, site string, last int64) (int64, bool) {
	who := auth.From(ctx)
	for {
		events, err := a.ledger.Events(ctx, site, last, eventsAtOnce)
		if err != nil {
			return last, false // the reader comes back and resumes
		}
		for _, e := range events {
			last = e.ID
			if !who.Sees(e.Site) {
				continue
			}
			if !s.event(eventView(e)) {
				return last, false
			}
		}
		if len(events) < eventsAtOnce {
			return last, true
		}
	}
}

// stream writes pieces and lets go of readers that do not take them.
type stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (s *stream) event(e api.Event) bool {
	text, err := json.Marshal(e)
	return err == nil && s.send(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, text))
}

func (s *stream) send(piece string) bool {
	if err := s.rc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return false
	}
	if _, err := s.w.Write([]byte(piece)); err != nil {
		return false
	}
	return s.rc.Flush() == nil
}
