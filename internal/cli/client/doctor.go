package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Doctor has the app check what it needs of GitHub.
type Doctor struct {
	appFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Help has the example.
func (Doctor) Help() string {
	return `Looks whether the app can sign in to GitHub, and whether each site's repository, permissions and workflow are as
releases need them; says what to do about what is not. It changes nothing. Ends with 1 when something is wrong.

Example:

  pressrun doctor`
}

// doctorDocument is what `doctor --json` prints.
type doctorDocument struct {
	Checks []api.GitHubCheck `json:"checks"`
}

// Run has the app look.
func (c *Doctor) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.client(t)
	if err != nil {
		return err
	}
	checks, err := client.GitHubChecks(ctx)
	if exit.Code(err) == exit.NotFound {
		return exit.With(exit.NotFound, errors.New("no site of this app runs on GitHub, so there is nothing to look at"))
	}
	if err != nil {
		return err
	}
	wrong := 0
	rows := [][]string{{"SITE", "CHECK", "RESULT", "FOUND", "WHAT TO DO"}}
	for _, check := range checks {
		if check.Result == "failed" {
			wrong++
		}
		rows = append(rows, []string{check.Site, check.Name, check.Result, check.Detail, check.Do})
	}
	p := t.Printer()
	if c.JSON {
		err = p.Document(doctorDocument{checks})
	} else {
		err = p.Table(rows)
	}
	if err == nil && wrong > 0 {
		err = exit.With(exit.Failed, fmt.Errorf("%d of %d checks failed", wrong, len(checks)))
	}
	return err
}
