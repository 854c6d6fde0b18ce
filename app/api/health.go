package api

import (
	"encoding/json"
	"net/http"

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
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(health{Status: "ok"}) // the caller may have gone
}
