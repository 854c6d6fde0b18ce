package api

import (
	"context"
	"net/http"
)

// How a part of the app is. A part that failed makes the app not ready; one that
// somebody should look at does not, since requests are still taken and kept.
const (
	PartOK     = "ok"
	PartHeed   = "warning"
	PartFailed = "failed"
)

// Readiness is the answer of an app that is ready.
type Readiness struct {
	Status string      `json:"status" enum:"ready"`
	Parts  []ReadyPart `json:"parts"`
}

// ReadyPart is how a part of the app is. It tells nothing that is not for everybody.
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
