package serve

import (
	"context"

	"github.com/pressrun/pressrun/internal/runner/local"
)

// Supervise is what the local runner starts for each run: it sees the run
// through, whatever becomes of the server.
type Supervise struct {
	Folder string `arg:"" help:"The run's folder."`
}

// Run carries a run out.
func (c *Supervise) Run(ctx context.Context) error { return local.Supervise(ctx, c.Folder) }
