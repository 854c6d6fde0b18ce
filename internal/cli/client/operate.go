package client

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// actFlags are what the operator's acts have in common.
type actFlags struct {
	AppFlags
	siteFlag
	terminal.OutputFlags
	Actor string `placeholder:"NAME" help:"Who acts, as people know them (default: the token's name)."`
}

// act does what an operator asks and shows the site afterwards.
func (f actFlags) act(ctx context.Context, t *terminal.Terminal, do func(*api.Client, string) (api.Site, error)) error {
	client, err := f.ClientIn(t, f.TimeZone)
	if err != nil {
		return err
	}
	name, err := f.name(ctx, client)
	if err != nil {
		return err
	}
	site, err := do(client, name)
	if err != nil {
		return err
	}
	p := printer{f.Printer(t)}
	if f.JSON {
		return p.Document(site)
	}
	return p.site(site)
}

// named carries out one of the acts that are known by a name.
func (f actFlags) named(ctx context.Context, t *terminal.Terminal, act string, in api.ActInput) error {
	in.Actor = f.Actor
	return f.act(ctx, t, func(client *api.Client, site string) (api.Site, error) {
		return client.Act(ctx, site, act, in)
	})
}

// Pause dispatches nothing more.
type Pause struct {
	actFlags
	Why   string     `required:"" placeholder:"TEXT" help:"Why, for the people who wait."`
	Until *time.Time `type:"instant" placeholder:"TIME" help:"When it ends by itself."`
}

// Help has the example.
func (Pause) Help() string {
	return `A release that is under way goes on. Requests are accepted and wait.

Examples:

  pressrun pause --site www --why "The CDN is being moved"
  pressrun pause --why "Until the fix is in" --until 2h`
}

// Run pauses a site.
func (c *Pause) Run(ctx context.Context, t *terminal.Terminal) error {
	return c.named(ctx, t, "pause", api.ActInput{Why: c.Why, Until: c.Until})
}

// Resume ends a pause.
type Resume struct {
	actFlags
	Why string `placeholder:"TEXT" help:"Why."`
}

// Help has the example.
func (Resume) Help() string {
	return `Example:

  pressrun resume --site www`
}

// Run ends a pause.
func (c *Resume) Run(ctx context.Context, t *terminal.Terminal) error {
	return c.named(ctx, t, "resume", api.ActInput{Why: c.Why})
}

// Cancel cancels the release that is under way.
type Cancel struct {
	actFlags
	Why string `required:"" placeholder:"TEXT" help:"Why, for the people who wait."`
}

// Help has the example.
func (Cancel) Help() string {
	return `The run and all that it started is ended. The requests that it served wait for the next request.
What is live cannot be cancelled.

Example:

  pressrun cancel --site www --why "Wrong branch"`
}

// Run cancels the current release.
func (c *Cancel) Run(ctx context.Context, t *terminal.Terminal) error {
	return c.named(ctx, t, "cancel", api.ActInput{Why: c.Why})
}

// Reset gives up a release whose run is lost.
type Reset struct {
	actFlags
	Why string `required:"" placeholder:"TEXT" help:"Why, for the records."`
}

// Help has the example.
func (Reset) Help() string {
	return `For a release whose run is lost and that can't wait for its deadline. A run that lives after all is told so and ends.
Failures are forgotten, and what waits is released.

Example:

  pressrun reset --site www --why "The runner's machine is gone"`
}

// Run gives the current release up.
func (c *Reset) Run(ctx context.Context, t *terminal.Terminal) error {
	return c.named(ctx, t, "reset", api.ActInput{Why: c.Why})
}

// Retry releases at once what failed or is held.
type Retry struct {
	actFlags
	Allow []string `placeholder:"GUARD" help:"Guards that stopped the last release and are let pass in this one alone, by name (needs --why)."`
	Why   string   `placeholder:"TEXT" help:"Why."`
}

// Help has the example.
func (Retry) Help() string {
	return `With --allow, guards that stopped the last release are let pass, once: the release after this one is judged by all of
them again. Who allowed it and why is kept.

Examples:

  pressrun retry --site www --why "The CMS is back"
  pressrun retry --site www --allow broken-links --why "The shop's pages follow at noon"`
}

// Run releases at once what waits.
func (c *Retry) Run(ctx context.Context, t *terminal.Terminal) error {
	if len(c.Allow) > 0 {
		if strings.TrimSpace(c.Why) == "" {
			return exit.With(exit.Usage, errors.New("--why: say why the guard may be passed, for the records"))
		}
		return c.act(ctx, t, func(client *api.Client, site string) (api.Site, error) {
			return client.Allow(ctx, site, api.AllowInput{Guards: c.Allow, Why: c.Why, Actor: c.Actor})
		})
	}
	return c.named(ctx, t, "retry", api.ActInput{Why: c.Why})
}

// Freeze adds a freeze.
type Freeze struct {
	actFlags
	From *time.Time `type:"instant" placeholder:"TIME" help:"When it begins (default: now)."`
	To   *time.Time `type:"instant" required:"" placeholder:"TIME" help:"When it ends."`
	Why  string     `required:"" placeholder:"TEXT" help:"Why, for the people who wait."`
}

// Help has the example.
func (Freeze) Help() string {
	return `Example:

  pressrun freeze --site www --from "2026-12-24 18:00" --to "2026-12-27 06:00" --why Christmas`
}

// Run adds a freeze.
func (c *Freeze) Run(ctx context.Context, t *terminal.Terminal) error {
	return c.act(ctx, t, func(client *api.Client, site string) (api.Site, error) {
		return client.Freeze(ctx, site, api.FreezeInput{From: c.From, To: *c.To, Why: c.Why, Actor: c.Actor})
	})
}

// Thaw removes a freeze.
type Thaw struct {
	AppFlags
	siteFlag
	terminal.OutputFlags
	ID string `arg:"" help:"The freeze's id, as status shows it."`
}

// Help has the example.
func (Thaw) Help() string {
	return `Freezes of the configuration are removed there.

Example:

  pressrun thaw QX4T2B7A --site www`
}

// Run removes a freeze.
func (c *Thaw) Run(ctx context.Context, t *terminal.Terminal) error {
	f := actFlags{AppFlags: c.AppFlags, siteFlag: c.siteFlag, OutputFlags: c.OutputFlags}
	return f.act(ctx, t, func(client *api.Client, site string) (api.Site, error) {
		return client.Thaw(ctx, site, c.ID)
	})
}
