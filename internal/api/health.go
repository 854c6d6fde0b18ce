package api

import (
	"context"
	"net/http"
)

// The state of a part of the app. A failed part makes the app not ready; a warning does
// not, since requests are still accepted and kept.
const (
	PartOK      = "ok"
	PartWarning = "warning"
	PartFailed  = "failed"
)

// Readiness is the answer of an app that is ready.
type Readiness struct {
	Status string      `json:"status" enum:"ready"`
	Parts  []ReadyPart `json:"parts"`
}

// ReadyPart is the state of a part of the app. It is public.
type ReadyPart struct {
	Name  string `json:"name" doc:"ledger, scheduler, runner or outbox"`
	State string `json:"state" enum:"ok,warning,failed"`
	Why   string `json:"why,omitempty"`
}

// Ready asks the app whether it is ready: a Problem of status 503 says why it is not,
// a Violation for each part.
func (c *Client) Ready(ctx context.Context) (Readiness, error) {
	var out Readiness
	return out, c.do(ctx, call{method: http.MethodGet, path: "/readyz", answer: &out})
}
