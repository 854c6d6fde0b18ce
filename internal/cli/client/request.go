package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Request asks for a release.
type Request struct {
	AppFlags
	siteFlag
	terminal.OutputFlags
	Reason    string        `placeholder:"TEXT" help:"Why, in words."`
	Title     string        `placeholder:"TEXT" help:"Title of the content that changed."`
	Link      string        `placeholder:"URL" help:"Where that content is edited."`
	Entity    string        `placeholder:"TYPE/ID" help:"Which content it is, e.g. article/12."`
	Actor     string        `placeholder:"NAME" help:"Who asks, as people know them (default: the token's name)."`
	Source    string        `enum:",schedule,content,editor,operator,workflow" default:"" placeholder:"SOURCE" help:"What asks: schedule, content, editor, operator or workflow (default: what the token is for)."`
	Key       string        `placeholder:"KEY" help:"Idempotency key: the same key is the same request, however often it is sent."`
	NotBefore *time.Time    `type:"instant" placeholder:"TIME" help:"The content may not be published before this instant."`
	Emergency bool          `help:"Goes before the releases of all other sites; for operators."`
	Wait      bool          `help:"Follow the request until it is live, or a release failed."`
	Timeout   time.Duration `default:"2h" placeholder:"SPAN" help:"How long to wait (default ${default})."`
}

// Help has the example.
func (Request) Help() string {
	return `The request is on disk when the command returns: it will be served, or somebody is told why not.
With --wait, ends with 0 once it is live, 7 if a release failed (it is retried all the same), 8 after --timeout.

Examples:

  pressrun request --site www --reason "New opening hours" --wait
  pressrun request --not-before "2026-12-24 18:00" --title "Closed over Christmas"
  pressrun request --key deploy-4711 --json
  pressrun request --site www --emergency --reason "Flood warning"`
}

// Run asks for a release.
func (c *Request) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.ClientIn(t, c.TimeZone)
	if err != nil {
		return err
	}
	site, err := c.name(ctx, client)
	if err != nil {
		return err
	}
	key := c.Key
	if key == "" {
		// With a key of its own the call may be repeated without harm.
		key = "cli-" + rand.Text()
	}
	asked, err := client.Ask(ctx, site, key, api.RequestInput{
		Source: release.Source(c.Source), Actor: c.Actor, Title: c.Title, Link: c.Link,
		Entity: c.Entity, Reason: c.Reason, NotBefore: c.NotBefore, Emergency: c.Emergency,
	})
	if err != nil {
		return err
	}
	p := printer{c.Printer(t)}
	if !c.Wait {
		if c.JSON {
			return p.Document(asked)
		}
		return p.asked(asked)
	}
	if !c.JSON {
		if err := p.asked(asked); err != nil {
			return err
		}
	}
	return c.follow(ctx, t, client, asked.Request)
}

func (p printer) asked(a api.AskResult) error {
	verb := "Accepted"
	if a.Duplicate {
		verb = "Already accepted"
	}
	p = p.of(a.TimeZone)
	if _, err := fmt.Fprintf(p.Out, "%s: request %s for %s at %s.\n", verb, text.Plain(a.ID), text.Plain(a.Site), p.At(a.AcceptedAt)); err != nil {
		return err
	}
	return p.Prose(terminal.Plain, a.Text)
}

func (c *Request) follow(ctx context.Context, t *terminal.Terminal, client *api.Client, r api.Request) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, errTimeout)
	defer cancel()
	w := &waiter{client: client, progress: terminal.NewProgress(t), quiet: c.JSON, p: printer{c.Printer(t)}, printed: map[string]bool{}}
	last, err := w.untilLive(ctx, r)
	if c.JSON && last.ID != "" {
		if printErr := w.p.Document(last); printErr != nil {
			return printErr
		}
	}
	return err
}

// Reschedule moves a scheduled request.
type Reschedule struct {
	AppFlags
	terminal.OutputFlags
	ID        string     `arg:"" help:"The request."`
	NotBefore *time.Time `type:"instant" required:"" placeholder:"TIME" help:"When it is to go out instead."`
}

// Help has the example.
func (Reschedule) Help() string {
	return `Only as long as its time has not come. A time that has come lets it go out at once.

Example:

  pressrun reschedule req_0c6s1k9tq2 --not-before "2026-12-24 18:00"`
}

// Run moves a scheduled request.
func (c *Reschedule) Run(ctx context.Context, t *terminal.Terminal) error {
	return changeRequest(t, c.AppFlags, c.Printer(t), c.JSON, func(client *api.Client) (api.Request, error) {
		return client.MoveRequest(ctx, c.ID, *c.NotBefore)
	})
}

// Withdraw takes a scheduled request back.
type Withdraw struct {
	AppFlags
	terminal.OutputFlags
	ID string `arg:"" help:"The request."`
}

// Help has the example.
func (Withdraw) Help() string {
	return `Only as long as its time has not come.

Example:

  pressrun withdraw req_0c6s1k9tq2`
}

// Run takes a scheduled request back.
func (c *Withdraw) Run(ctx context.Context, t *terminal.Terminal) error {
	return changeRequest(t, c.AppFlags, c.Printer(t), c.JSON, func(client *api.Client) (api.Request, error) {
		return client.WithdrawRequest(ctx, c.ID)
	})
}

// changeRequest changes a request and says how it stands then.
func changeRequest(t *terminal.Terminal, flags AppFlags, p *terminal.Printer, asJSON bool, change func(*api.Client) (api.Request, error)) error {
	client, err := flags.Client(t)
	if err != nil {
		return err
	}
	done, err := change(client)
	if err != nil {
		return err
	}
	if asJSON {
		return p.Document(done)
	}
	_, err = fmt.Fprintln(t.Out, text.OneLine(done.Text))
	return err
}
