package api

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Health serves /healthz.
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
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(health{Status: "ok"}) // the caller may have gone
}

const (
	// readyFor is how long an answer of Ready is reused: each costs a write, and anybody
	// may ask.
	readyFor = time.Second
	// readyLimit bounds the wait for a disk that does not answer.
	readyLimit = 5 * time.Second
)

// Part is a part of the app that readiness reports beside the ledger.
type Part struct {
	Name string
	// Look gives the state of the part, and why it is not well. Anybody reads both: no
	// names of sites, no addresses, no secrets.
	Look func(ctx context.Context) (state, why string)
}

// Ready serves /readyz: whether the app takes requests and gets them live, by whether it
// can write its ledger and by the states of its other parts.
type Ready struct {
	guard
	ledger *ledger.Ledger
	parts  []Part

	mu    sync.Mutex
	asked time.Time
	last  error // of the ledger
	found []api.ReadyPart
}

// Again drops the answer that is reused: the next call looks anew.
func (h *Ready) Again() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = time.Time{}
}

// serve answers 200 when no part failed, else 503 and why.
func (h *Ready) serve(w http.ResponseWriter, r *http.Request) {
	parts, err := h.find(r.Context())
	if p := h.refusal(r.Context(), parts, err); p != nil {
		h.problems.Write(w, r, p)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(api.Readiness{Status: "ready", Parts: parts}) // the caller may have gone
}

// refusal is the answer when a part failed, nil when none did.
func (h *Ready) refusal(ctx context.Context, parts []api.ReadyPart, err error) *api.Problem {
	p := h.problems.Of(ctx, err)
	for _, part := range parts {
		if p == nil && part.State == api.PartFailed {
			p = problem.New(http.StatusServiceUnavailable, "unavailable", part.Why)
		}
	}
	if p == nil {
		return nil
	}
	for _, part := range parts {
		if part.State != api.PartOK {
			p.Errors = append(p.Errors, api.Violation{Location: part.Name, Message: part.Why})
		}
	}
	return p
}

func (h *Ready) find(ctx context.Context) ([]api.ReadyPart, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if since := time.Since(h.asked); since >= 0 && since < readyFor {
		return h.found, h.last
	}
	// Other callers get the same answer: one who goes must not cancel it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyLimit)
	defer cancel()
	h.last = h.ledger.Ready(ctx)
	if ctx.Err() != nil {
		h.last = &ledger.Unavailable{Why: "the ledger does not answer", Err: ctx.Err()}
	}
	writable := api.ReadyPart{Name: "ledger", State: api.PartOK}
	if h.last != nil {
		writable.State, writable.Why = api.PartFailed, h.problems.Of(ctx, h.last).Detail
	}
	h.found = []api.ReadyPart{writable}
	for _, part := range h.parts {
		state, why := part.Look(ctx)
		h.found = append(h.found, api.ReadyPart{Name: part.Name, State: state, Why: why})
	}
	h.asked = time.Now()
	return h.found, h.last
}

// scrapes lets Prometheus read the figures of all sites.
type scrapes struct {
	guard
	figures http.Handler
}

func (s *scrapes) serve(w http.ResponseWriter, r *http.Request) {
	if s.admitAll(w, r, auth.Monitor, auth.Operator) {
		s.figures.ServeHTTP(w, r)
	}
}
