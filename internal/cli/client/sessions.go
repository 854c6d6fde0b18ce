package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Sessions has the commands about sign-ins to the pages.
type Sessions struct {
	List SessionsList `cmd:"" help:"List who is signed in to the pages."`
	End  SessionsEnd  `cmd:"" help:"End sign-ins, wherever they are used."`
}

// SessionsList lists sign-ins.
type SessionsList struct {
	AppFlags
	terminal.OutputFlags
	Own bool `help:"Only those with this token; without it, everybody's, which takes an operator's token for all sites."`
}

// Help has the example.
func (SessionsList) Help() string {
	return `The role is the one that the configuration gives now.

Examples:

  pressrun sessions list
  pressrun sessions list --json | jq -r '.[] | select(.name | test("ada")) | .id'`
}

// Run lists sign-ins.
func (c *SessionsList) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := func(client *api.Client) ([]api.Session, error) { return client.Sessions(ctx, !c.Own) }
	return Answer(t, c.AppFlags, c.OutputFlags, ask, sessionTable)
}

func sessionTable(p *terminal.Printer, found []api.Session) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(p.Out, "Nobody is signed in to the pages.")
		return err
	}
	rows := [][]string{{"NAME", "ROLE", "WITH", "SINCE", "LAST USED", "ENDS", "ADDRESS", "ID"}}
	for _, s := range found {
		rows = append(rows, []string{s.Name, s.Role, s.Via, p.At(s.BegunAt), p.At(s.SeenAt), p.At(s.EndsAt), s.Address, s.ID})
	}
	return p.Table(rows)
}

// SessionsEnd ends sign-ins.
type SessionsEnd struct {
	AppFlags
	terminal.OutputFlags
	ID   []string `arg:"" optional:"" help:"The sign-ins, as the list has them."`
	Name string   `placeholder:"NAME" help:"All of somebody instead, by the name that the list has."`
}

// Help has the example.
func (SessionsEnd) Help() string {
	return `Who is signed out this way can sign in again. To keep somebody out, change the configuration: the token, the account or the rule that lets them in.

Examples:

  pressrun sessions end sgn_0c6s1k9tq2
  pressrun sessions end --name ada@example.gov`
}

// Validate wants to be told which.
func (c *SessionsEnd) Validate() error {
	if (len(c.ID) > 0) == (c.Name != "") {
		return errors.New("give the sign-ins to end, or --name")
	}
	return nil
}

// Run ends sign-ins.
func (c *SessionsEnd) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.Client(t)
	if err != nil {
		return err
	}
	if c.Name != "" {
		if c.ID, err = sessionsOf(ctx, client, c.Name); err != nil {
			return err
		}
	}
	ended := make([]api.Session, 0, len(c.ID))
	for _, id := range c.ID {
		one, err := client.EndSession(ctx, id)
		if err != nil {
			return fmt.Errorf("end %s: %w", id, err)
		}
		ended = append(ended, one)
	}
	if c.JSON {
		return c.Printer(t).Document(ended)
	}
	_, err = fmt.Fprintf(t.Out, "%s.\n", text.Plural(len(ended), "sign-in is over", "sign-ins are over"))
	return err
}

// sessionsOf are the ids of somebody's sign-ins.
func sessionsOf(ctx context.Context, client *api.Client, name string) ([]string, error) {
	all, err := client.Sessions(ctx, true)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range all {
		if s.Name == name {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return nil, exit.With(exit.Usage, fmt.Errorf("nobody called %q is signed in; the names: pressrun sessions list", name))
	}
	return ids, nil
}
