package client

import (
	"context"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// RollbackFlags are those of a rollback that an app carries out.
type RollbackFlags struct {
	AppFlags
	Why   string `placeholder:"TEXT" help:"With a number alone: why, for the people who wait."`
	Actor string `placeholder:"NAME" help:"With a number alone: who acts, as people know them (default: the token's name)."`
}

// RollBack has the app put a release back, and shows the site afterwards.
func (c RollbackFlags) RollBack(ctx context.Context, t *terminal.Terminal, site string, out terminal.OutputFlags, to int64) error {
	if strings.TrimSpace(c.Why) == "" {
		return exit.With(exit.Usage, fmt.Errorf("--why: say why release #%d is put back, for the people who wait", to))
	}
	f := actFlags{AppFlags: c.AppFlags, siteFlag: siteFlag{Site: site}, OutputFlags: out, Actor: c.Actor}
	return f.act(ctx, t, func(client *api.Client, name string) (api.Site, error) {
		return client.Rollback(ctx, name, api.RollbackInput{To: to, Why: c.Why, Actor: c.Actor})
	})
}
