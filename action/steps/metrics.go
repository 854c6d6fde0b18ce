package steps

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/action/summary"
)

// Metrics leaves the figures of the run: in a file, with the app, and with other systems.
// Figures never fail a release that is live.
type Metrics struct {
	*Run
	Figures summary.Figures
}

// Name implements Step.
func (Metrics) Name() string { return "metrics" }

// Do implements Step.
func (r Metrics) Do(ctx context.Context) (Result, error) {
	note := r.Figures.Leave(ctx, 30*time.Second)
	if note == "" {
		note = r.Figures.Path()
	}
	return done(note)
}
