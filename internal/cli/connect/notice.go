package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Notice has the commands about the notices to targets.
type Notice struct {
	List   NoticeList   `cmd:"" help:"List what the targets of a site are told, newest first."`
	Show   NoticeShow   `cmd:"" help:"Show one notice, with what is sent."`
	Replay NoticeReplay `cmd:"" help:"Send a notice again, or all that a target did not take."`
	Test   NoticeTest   `cmd:"" help:"Send a target a test, and say whether it took it."`
}

// NoticeList lists notices.
type NoticeList struct {
	client.AppFlags
	terminal.OutputFlags
	Site        string `arg:"" help:"The site."`
	Target      string `placeholder:"NAME" help:"Only this target's."`
	Undelivered bool   `xor:"state" help:"Only those that were given up after a day."`
	Waiting     bool   `xor:"state" help:"Only those that wait."`
	Limit       int    `default:"20" placeholder:"N" help:"How many (default ${default}; at most 1000)."`
}

// Help has the example.
func (NoticeList) Help() string {
	return `Delivered ones are kept for a week, undelivered ones for 90 days.

Examples:

  pressrun notice list www --undelivered
  pressrun notice list www --target cms --json | jq -r '.[].trouble'`
}

// Run lists notices.
func (c *NoticeList) Run(ctx context.Context, t *terminal.Terminal) error {
	state := ""
	switch {
	case c.Undelivered:
		state = "undelivered"
	case c.Waiting:
		state = "waiting"
	}
	ask := func(app *api.Client) ([]api.Notice, error) {
		return app.Notices(ctx, c.Site, api.NoticeQuery{Target: c.Target, State: state, Limit: c.Limit})
	}
	return client.Answer(t, c.AppFlags, c.OutputFlags, ask, noticeTable)
}

func noticeTable(p *terminal.Printer, found []api.Notice) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(p.Out, "There is no such notice.")
		return err
	}
	rows := [][]string{{"TIME", "TARGET", "TYPE", "ABOUT", "STATE", "TRIES", "TROUBLE", "ID"}}
	for _, n := range found {
		rows = append(rows, []string{p.At(n.CreatedAt), n.Target, n.Type, aboutNotice(n), n.State, strconv.Itoa(n.Tries), text.Shorten(n.Trouble, 60), n.ID})
	}
	return p.Table(rows)
}

// aboutNotice names what a notice is about.
func aboutNotice(n api.Notice) string {
	switch {
	case n.Request != "":
		return n.Request
	case n.Release != 0:
		return fmt.Sprintf("#%d", n.Release)
	}
	return ""
}

// NoticeShow shows a notice.
type NoticeShow struct {
	client.AppFlags
	terminal.OutputFlags
	Site string `arg:"" help:"The site."`
	ID   string `arg:"" help:"The notice."`
}

// Help has the example.
func (NoticeShow) Help() string {
	return `Example:

  pressrun notice show www msg_0c6s1k9tq2`
}

// Run shows a notice.
func (c *NoticeShow) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := func(app *api.Client) (api.Notice, error) { return app.Notice(ctx, c.Site, c.ID) }
	return client.Answer(t, c.AppFlags, c.OutputFlags, ask, wholeNotice)
}

func wholeNotice(p *terminal.Printer, n api.Notice) error {
	rows := [][]string{
		{"NOTICE", n.ID},
		{"Target", n.Target},
		{"Type", n.Type},
		{"About", aboutNotice(n)},
		{"State", n.State},
		{"Made", p.At(n.CreatedAt)},
		{"Tries", strconv.Itoa(n.Tries)},
	}
	if n.TriedAt != nil {
		rows = append(rows, []string{"Last try", p.At(*n.TriedAt)})
	}
	if n.DueAt != nil {
		rows = append(rows, []string{"Next try", p.At(*n.DueAt)})
	}
	if n.Watermark != nil {
		rows = append(rows, []string{"Live up to", p.At(*n.Watermark)})
	}
	if n.Answer != "" {
		rows = append(rows, []string{"Answer", text.Plain(n.Answer)})
	}
	if n.Trouble != "" {
		rows = append(rows, []string{"Trouble", n.Trouble})
	}
	if err := p.Table(rows); err != nil {
		return err
	}
	var body bytes.Buffer
	if err := json.Indent(&body, n.Body, "", "  "); err != nil {
		return fmt.Errorf("read the notice's body: %w", err)
	}
	_, err := fmt.Fprintf(p.Out, "\n%s\n", text.Plain(body.String()))
	return err
}

// NoticeReplay sends notices again.
type NoticeReplay struct {
	client.AppFlags
	terminal.OutputFlags
	Site   string `arg:"" help:"The site."`
	ID     string `arg:"" optional:"" help:"The notice."`
	Target string `placeholder:"NAME" help:"All undelivered notices of this target instead, the oldest first."`
}

// Help has the example.
func (NoticeReplay) Help() string {
	return `A notice that is sent again has the id that it had: a target that took it knows it.

Examples:

  pressrun notice replay www msg_0c6s1k9tq2
  pressrun notice replay www --target cms`
}

// Validate wants a notice or a target.
func (c *NoticeReplay) Validate() error {
	if (c.ID == "") == (c.Target == "") {
		return errors.New("expected a notice's id, or --target with all that it did not take")
	}
	return c.OutputFlags.Validate()
}

// Run sends notices again.
func (c *NoticeReplay) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := func(app *api.Client) (api.ReplayedResult, error) {
		if c.ID == "" {
			return app.ReplayNotices(ctx, c.Site, c.Target)
		}
		_, err := app.ReplayNotice(ctx, c.Site, c.ID)
		return api.ReplayedResult{Replayed: 1}, err
	}
	return client.Answer(t, c.AppFlags, c.OutputFlags, ask, func(p *terminal.Printer, done api.ReplayedResult) error {
		_, err := fmt.Fprintf(p.Out, "%s in line again.\n", text.Plural(done.Replayed, "notice is", "notices are"))
		return err
	})
}

// NoticeTest tries a target.
type NoticeTest struct {
	client.AppFlags
	terminal.OutputFlags
	Site    string        `arg:"" help:"The site."`
	Target  string        `arg:"" help:"The target, as the configuration names it."`
	Timeout time.Duration `default:"30s" help:"How long to wait for it (default ${default})."`
}

// Help has the example.
func (NoticeTest) Help() string {
	return `The test waits in the target's line like any notice. To a target of kind datocms it says "success".

Example:

  pressrun notice test www cms`
}

// testPoll is the wait between two looks at what became of a test.
const testPoll = 300 * time.Millisecond

// Run tries a target.
func (c *NoticeTest) Run(ctx context.Context, t *terminal.Terminal) error {
	app, err := c.Client(t)
	if err != nil {
		return err
	}
	n, err := app.TestTarget(ctx, c.Site, c.Target)
	if err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	for n.State == "waiting" && n.Tries == 0 {
		select {
		case <-limit.Done():
			return exit.With(exit.Timeout, fmt.Errorf("the test has not been sent within %s: see what waits before it with pressrun notice list %s --waiting", c.Timeout, c.Site))
		case <-time.After(testPoll):
		}
		if n, err = app.Notice(ctx, c.Site, n.ID); err != nil {
			return err
		}
	}
	if c.JSON {
		if err := c.Printer(t).Document(n); err != nil {
			return err
		}
	}
	if n.State != "delivered" {
		return fmt.Errorf("%s did not take the test: %s", text.Plain(c.Target), text.OneLine(n.Trouble))
	}
	if c.JSON {
		return nil
	}
	_, err = fmt.Fprintf(t.Out, "%s took the test: it answered with %d.\n", text.Plain(c.Target), n.Status)
	return err
}
