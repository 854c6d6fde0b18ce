package client

import (
	"context"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Doctor says which app is asked to look at GitHub.
type Doctor struct{ AppFlags }

// Checks are what the app found of its sites on GitHub.
func (c *Doctor) Checks(ctx context.Context, t *terminal.Terminal) ([]api.GitHubCheck, error) {
	client, err := c.Client(t)
	if err != nil {
		return nil, err
	}
	return client.GitHubChecks(ctx)
}
