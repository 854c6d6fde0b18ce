package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
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
	if !a.let(w, r, site, roleEditor, roleOperator, roleCMS) {
		return
	}
	if wantsList(r) {
		a.listEvents(w, r, site)
		return
	}
	last, err := a.resumeAt(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s := &stream{w: w, rc: http.NewResponseController(w)}
	if !s.send(": connected\nretry: 2000\n\n") {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.stop, cancel)()
	beat := time.NewTicker(keepAlive)
	defer beat.Stop()
	for {
		changed := a.ledger.Changed()
		var ok bool
		if last, ok = a.sendSince(ctx, s, site, last); !ok {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-beat.C:
			if !s.send(": still here\n\n") {
				return
			}
		}
	}
}

func (a *App) resumeAt(r *http.Request) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return a.ledger.LastEvent(r.Context())
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, invalid("header.Last-Event-ID", "must be the id of an event")
	}
	return id, nil
}

// sendSince sends what came after an event. It returns the last one sent.
func (a *App) sendSince(ctx context.Context, s *stream, site string, last int64) (int64, bool) {
	who := callerOf(ctx)
	for {
		events, err := a.ledger.Events(ctx, site, last, eventsAtOnce)
		if err != nil {
			return last, false // the reader comes back and resumes
		}
		for _, e := range events {
			last = e.ID
			if !who.sees(e.Site) {
				continue
			}
			text, err := json.Marshal(eventView(e))
			if err != nil || !s.send(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, text)) {
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

func (s *stream) send(piece string) bool {
	if err := s.rc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return false
	}
	if _, err := s.w.Write([]byte(piece)); err != nil {
		return false
	}
	return s.rc.Flush() == nil
}
