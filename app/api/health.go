package api

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

// Health tells whether the app works.
type Health struct {
	guard
	ledger *ledger.Ledger
}

// health is the answer of a healthy app.
type health struct {
	Status string `json:"status"`
}

// serve answers 200 when the app can read its ledger.
func (h *Health) serve(w http.ResponseWriter, r *http.Request) {
	if _, err := h.ledger.LastEvent(r.Context()); err != nil {
		h.problems.Write(w, r, err)
		return
	}
	answerWell(w, "ok")
}

func answerWell(w http.ResponseWriter, status string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(health{Status: status}) // the caller may have gone
}

const (
	// readyFor is how long an answer of Ready is good: it costs a write, and anybody
	// may ask.
	readyFor = time.Second
	// readyLimit bounds the wait for a disk that does not answer.
	readyLimit = 5 * time.Second
)

// Ready tells whether the app takes requests: whether it can write its ledger.
type Ready struct {
	guard
	ledger *ledger.Ledger

	mu    sync.Mutex
	asked time.Time
	last  error
}

// Again has the next answer found out anew.
func (h *Ready) Again() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = time.Time{}
}

// serve answers 200 when the app can write its ledger, else 503 and why.
func (h *Ready) serve(w http.ResponseWriter, r *http.Request) {
	if err := h.find(r.Context()); err != nil {
		h.problems.Write(w, r, err)
		return
	}
	answerWell(w, "ready")
}

func (h *Ready) find(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if since := time.Since(h.asked); since >= 0 && since < readyFor {
		return h.last
	}
	// What is found out is for others too: a caller who goes must not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyLimit)
	defer cancel()
	h.last = h.ledger.Ready(ctx)
	if ctx.Err() != nil {
		h.last = &ledger.Unavailable{Why: "the disk does not answer", Err: ctx.Err()}
	}
	h.asked = time.Now()
	return h.last
}
