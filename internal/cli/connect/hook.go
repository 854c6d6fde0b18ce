package connect

import (
	"context"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Hook has the commands about hooks, the addresses that CMSs call.
type Hook struct {
	New        HookNew        `cmd:"" help:"Make the address of a hook; it is shown this once."`
	List       HookList       `cmd:"" help:"List a site's hooks, and since when each has an address."`
	Rotate     HookRotate     `cmd:"" help:"Make another address of a hook; the old one is good for a while."`
	Revoke     HookRevoke     `cmd:"" help:"End all addresses of a hook at once."`
	Deliveries HookDeliveries `cmd:"" help:"Show what hooks were told, what followed, and why."`
	Test       HookTest       `cmd:"" help:"Send what a CMS would send, signed as it signs."`
}

// hookArgs name a hook.
type hookArgs struct {
	client.AppFlags
	terminal.OutputFlags
	Site string `arg:"" help:"The site."`
	Hook string `arg:"" help:"The hook, as the configuration names it."`
}

// HookNew makes an address.
type HookNew struct{ hookArgs }

// Help has the example.
func (HookNew) Help() string {
	return `The hook must be in the configuration, under the site's hooks. Whoever knows its address may call it.

Example:

  pressrun hook new www drupal`
}

// Run makes an address.
func (c *HookNew) Run(ctx context.Context, t *terminal.Terminal) error {
	return c.made(t, func(app *api.Client) (api.HookAddress, error) {
		return app.NewHookAddress(ctx, c.Site, c.Hook)
	})
}

// made shows an address that was just made.
func (c hookArgs) made(t *terminal.Terminal, do func(*api.Client) (api.HookAddress, error)) error {
	return client.Answer(t, c.AppFlags, c.OutputFlags, do, func(p *terminal.Printer, made api.HookAddress) error {
		_, err := fmt.Fprintf(p.Out, `The address, shown this once:

%s

Paste it into the CMS; docs/cms tells where for each CMS. What comes is shown by: pressrun hook deliveries %s
`, text.Plain(made.Address), text.Plain(made.Site))
		return err
	})
}

// HookRotate makes another address.
type HookRotate struct {
	hookArgs
	Overlap int `default:"24" placeholder:"HOURS" help:"How many hours the old address is good beside the new one (default ${default}; 0: none)."`
}

// Help has the example.
func (HookRotate) Help() string {
	return `Example:

  pressrun hook rotate www drupal --overlap 48`
}

// Run makes another address.
func (c *HookRotate) Run(ctx context.Context, t *terminal.Terminal) error {
	return c.made(t, func(app *api.Client) (api.HookAddress, error) {
		return app.RotateHookAddress(ctx, c.Site, c.Hook, api.RotateInput{OverlapHours: c.Overlap})
	})
}

// HookRevoke ends the addresses of a hook.
type HookRevoke struct{ hookArgs }

// Help has the example.
func (HookRevoke) Help() string {
	return `Example:

  pressrun hook revoke www drupal`
}

// revokedDocument is the output of `hook revoke --json`.
type revokedDocument struct {
	Hook    string `json:"hook"`
	Revoked bool   `json:"revoked"`
	Site    string `json:"site"`
}

// Run ends the addresses of a hook.
func (c *HookRevoke) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := func(app *api.Client) (revokedDocument, error) {
		return revokedDocument{Hook: c.Hook, Revoked: true, Site: c.Site}, app.RevokeHookAddresses(ctx, c.Site, c.Hook)
	}
	return client.Answer(t, c.AppFlags, c.OutputFlags, ask, func(p *terminal.Printer, done revokedDocument) error {
		_, err := fmt.Fprintf(p.Out, "All addresses of the hook %s of %s have ended.\n", text.Plain(done.Hook), text.Plain(done.Site))
		return err
	})
}

// HookList lists hooks.
type HookList struct {
	client.AppFlags
	terminal.OutputFlags
	Site string `arg:"" help:"The site."`
}

// Help has the example.
func (HookList) Help() string {
	return `Example:

  pressrun hook list www`
}

// Run lists hooks.
func (c *HookList) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := func(app *api.Client) ([]api.Hook, error) { return app.Hooks(ctx, c.Site) }
	return client.Answer(t, c.AppFlags, c.OutputFlags, ask, c.table)
}

func (c *HookList) table(p *terminal.Printer, hooks []api.Hook) error {
	if len(hooks) == 0 {
		_, err := fmt.Fprintf(p.Out, "The configuration has no hooks of %s.\n", text.Plain(c.Site))
		return err
	}
	rows := [][]string{{"HOOK", "DIALECT", "SIGNED", "RATE", "ADDRESSES"}}
	for _, h := range hooks {
		signed := "no"
		if h.Signed {
			signed = "yes"
		}
		rows = append(rows, []string{h.Name, h.Dialect, signed, fmt.Sprintf("%d/min", h.PerMinute), addressWords(p, h)})
	}
	return p.Table(rows)
}

// addressWords say since when a hook has its addresses.
func addressWords(p *terminal.Printer, h api.Hook) string {
	var words []string
	for _, a := range h.Addresses {
		line := "since " + p.At(a.Since) + " by " + a.By
		if a.Until != nil {
			line += " until " + p.At(*a.Until)
		}
		words = append(words, line)
	}
	if len(words) == 0 {
		return "none: pressrun hook new makes one"
	}
	return strings.Join(words, "; ")
}

// HookDeliveries lists the deliveries of hooks.
type HookDeliveries struct {
	client.AppFlags
	terminal.OutputFlags
	Site  string `arg:"" help:"The site."`
	Hook  string `placeholder:"NAME" help:"Only this hook's."`
	Limit int    `default:"20" placeholder:"N" help:"How many (default ${default}; at most 1000)."`
}

// Help has the example.
func (HookDeliveries) Help() string {
	return `The newest come first; the last 1000 are kept.

Example:

  pressrun hook deliveries www --hook drupal`
}

// Run lists the deliveries of hooks.
func (c *HookDeliveries) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := func(app *api.Client) ([]api.HookDelivery, error) {
		return app.HookDeliveries(ctx, c.Site, c.Hook, c.Limit)
	}
	return client.Answer(t, c.AppFlags, c.OutputFlags, ask, deliveryTable)
}

func deliveryTable(p *terminal.Printer, found []api.HookDelivery) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(p.Out, "Nothing has come yet.")
		return err
	}
	rows := [][]string{{"TIME", "HOOK", "EVENT", "ABOUT", "DECISION", "WHY", "REQUEST"}}
	for _, d := range found {
		about := d.Title
		if about == "" {
			about = d.Entity
		}
		rows = append(rows, []string{p.At(d.At), d.Hook, d.Event, text.Shorten(about, 40), d.Decision, d.Why, d.Request})
	}
	return p.Table(rows, "REQUEST", "ABOUT")
}
