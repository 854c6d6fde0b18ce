package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/doctor"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/serve"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/config"
)

// doctorCmd looks at this machine, where there is a configuration, and has the app
// look at GitHub, where sites run there.
type doctorCmd struct {
	client.Doctor
	serve.ConfigFlag
	JSON bool `name:"json" help:"Print JSON."`
}

// Help has the example.
func (doctorCmd) Help() string {
	return `Where the configuration is, looks whether this machine is as its sites need it: the state's folder and disk, the
address, git, the programs that builds begin with, secrets, destinations and their credentials. Run it as the user
who runs the app. For sites on GitHub the app looks whether it can sign in, and whether each site's repository,
permissions and workflow are as releases need them. Says what to do about what is not well, and changes nothing. Ends
with 1 when something is wrong.

Examples:

  pressrun doctor
  sudo -u pressrun pressrun doctor --config /etc/pressrun/pressrun.yaml`
}

// doctorDocument is what `doctor --json` prints.
type doctorDocument struct {
	Checks []api.GitHubCheck `json:"checks"`
}

// Run looks, and tells what was found.
func (c *doctorCmd) Run(ctx context.Context, t *terminal.Terminal) error {
	checks, err := c.look(ctx, t)
	if err != nil {
		return err
	}
	p := t.Printer()
	if c.JSON {
		err = p.Document(doctorDocument{checks})
	} else {
		err = printChecks(p, checks)
	}
	wrong := 0
	for _, check := range checks {
		if check.Result == "failed" {
			wrong++
		}
	}
	if err == nil && wrong > 0 {
		err = exit.With(exit.Failed, fmt.Errorf("%d of %d checks failed", wrong, len(checks)))
	}
	return err
}

func (c *doctorCmd) look(ctx context.Context, t *terminal.Terminal) ([]api.GitHubCheck, error) {
	if !c.There() {
		checks, err := c.Checks(ctx, t)
		if exit.Code(err) == exit.NotFound {
			return nil, exit.With(exit.NotFound, errors.New("no site of this app runs on GitHub, and there is no configuration here: for the sites of another machine, run it there, with --config"))
		}
		return checks, err
	}
	conf, err := c.Examine()
	if err != nil {
		return nil, err
	}
	checks := doctor.Machine(ctx, conf)
	onGitHub := func(s config.Site) bool { return s.Runner == config.RunnerGitHub }
	if !slices.ContainsFunc(slices.Collect(maps.Values(conf.Sites)), onGitHub) {
		return checks, nil
	}
	more, err := c.Checks(ctx, t)
	if err != nil {
		check := api.GitHubCheck{Name: "app", Result: "failed", Detail: inPlainWords(err), Do: strings.TrimSpace(advice(err, exit.Code(err)))}
		return append(checks, check), nil
	}
	return append(checks, more...), nil
}

// printChecks tells all in a table, and below it in full what is not well.
func printChecks(p *terminal.Printer, checks []api.GitHubCheck) error {
	rows := [][]string{{"SITE", "CHECK", "RESULT", "FOUND"}}
	var todo terminal.Fields
	for _, check := range checks {
		site := check.Site
		if site == "" {
			site = "-"
		}
		rows = append(rows, []string{site, check.Name, check.Result, check.Detail})
		if check.Result != "ok" {
			todo.Add(strings.TrimSpace(check.Site+" "+check.Name), check.Detail)
			todo.Add("  what to do", check.Do)
		}
	}
	if err := p.Table(rows); err != nil || len(todo) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(p.Out); err != nil {
		return err
	}
	return p.Fields(todo)
}
