package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Command is `pressrun probe`.
type Command struct {
	client.AppFlags
	Site           string        `env:"PRESSRUN_SITE" placeholder:"NAME" help:"The site that must be seen (${env}; default: the first that the token sees)."`
	Timeout        time.Duration `default:"5s" placeholder:"SPAN" help:"How long each check may take (default ${default})."`
	Release        string        `placeholder:"SITE" help:"Ask for a release of this site too, for real, and follow it until it is live."`
	ReleaseTimeout time.Duration `default:"30m" placeholder:"SPAN" help:"How long that may take (default ${default})."`
	Quiet          bool          `short:"q" help:"Print only what is not well: cron then sends mail only when something is wrong."`
	JSON           bool          `name:"json" help:"Print JSON."`
}

// Help has the example.
func (Command) Help() string {
	return `Checks an app from outside: it is well, ready and knows its sites; and what must be refused is refused: no token and an unknown one (401), a call of another role (403), a forged hook (404) and webhook (401), a call by another host's name (421, or 401 where tokens decide), a post from another site's page (403). It asks for nothing and changes nothing, but with --release. A token of role editor or cms is enough; without one, what needs it is skipped.

Ends with 0 when all is well, 1 when a check failed, 2 when the command line is wrong, 6 when nothing answers; with --release also with 7 when the release failed and 8 when it was not live in time. A warning is no failure.

Examples:

  pressrun probe --app https://pressrun.example.gov --token-file /etc/pressrun/probe.token
  */5 * * * * pressrun probe --quiet --site www
  pressrun probe --release www-staging --release-timeout 15m --json | jq -r '.checks[] | select(.result == "failed") | .detail'`
}

// Document is the output of `probe --json`.
type Document struct {
	App     string   `json:"app"`
	OK      bool     `json:"ok"`
	Seconds float64  `json:"seconds"`
	Checks  []Result `json:"checks"`
}

// The results of a check.
const (
	ok      = "ok"
	warning = "warning"
	failed  = "failed"
	skipped = "skipped"
)

// Result is what a check found.
type Result struct {
	Check   string  `json:"check"`
	Result  string  `json:"result"` // ok, warning, failed or skipped
	Detail  string  `json:"detail"`
	Seconds float64 `json:"seconds"`
	// code is the exit code of a failure, where it is not 1.
	code int
}

// Validate refuses spans that no check can keep.
func (c *Command) Validate() error {
	if c.Timeout <= 0 || c.ReleaseTimeout <= 0 {
		return errors.New("--timeout and --release-timeout: expected a span above 0, such as 5s")
	}
	return nil
}

// Run makes all checks, and prints the result of each.
func (c *Command) Run(ctx context.Context, t *terminal.Terminal) error {
	app, err := c.Client(t)
	if err != nil {
		return err
	}
	p := &prober{
		app: app, authorized: c.Authorized(), site: c.Site, releases: c.Release, limit: c.Timeout, releaseLimit: c.ReleaseTimeout,
		http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: http.DefaultTransport.(*http.Transport).Clone()},
	}
	started := time.Now()
	d := Document{App: app.BaseURL(), OK: true}
	code, bad := 0, 0
	printer := t.Printer()
	for _, check := range p.checks() {
		r := p.carryOut(ctx, check)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.Checks = append(d.Checks, r)
		if r.Result == failed {
			d.OK = false
			bad++
			if code == 0 {
				code = max(r.code, exit.Failed)
			}
		}
		if err := c.line(printer, r); err != nil {
			return err
		}
		if r.code == exit.Unreachable {
			break // nothing else can be found out
		}
	}
	d.Seconds = time.Since(started).Seconds()
	if c.JSON {
		if err := printer.Document(d); err != nil {
			return err
		}
	}
	if bad > 0 {
		return exit.With(code, fmt.Errorf("%s of %d failed at %s", text.Count(bad, "check"), len(d.Checks), app.BaseURL()))
	}
	return nil
}

// line prints the result of a check.
func (c *Command) line(p *terminal.Printer, r Result) error {
	if c.JSON || c.Quiet && (r.Result == ok || r.Result == skipped) {
		return nil
	}
	_, err := fmt.Fprintf(p.Out, "%s  %-14s  %s\n", p.Paint(terminal.StyleOf(r.Result), fmt.Sprintf("%-7s", r.Result)), r.Check, text.OneLine(r.Detail))
	return err
}

// inWords is an error of a call in a check's words.
func inWords(err error) string {
	if p, isProblem := errors.AsType[*api.Problem](err); isProblem {
		return fmt.Sprintf("answered %d: %s", p.Status, p.Error())
	}
	return err.Error()
}
