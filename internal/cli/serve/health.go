package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Health asks a server whether it is well.
type Health struct {
	configFlag
	App     string        `placeholder:"URL" help:"Address of the app (default: where the configuration says that it listens)."`
	Timeout time.Duration `default:"4s" placeholder:"SPAN" help:"How long it may take to answer (default ${default})."`
	JSON    bool          `name:"json" help:"Print JSON."`
}

// Help has the example.
func (Health) Help() string {
	return `Ends with 0 if the server answers and can read what it keeps, else with 6. It needs no token.

Example, in a Dockerfile:

  HEALTHCHECK CMD ["/pressrun", "health"]`
}

// healthDocument is the output of `health --json`.
type healthDocument struct {
	URL     string  `json:"url"`
	Healthy bool    `json:"healthy"`
	Seconds float64 `json:"seconds"`
}

// Run asks the server.
func (c *Health) Run(ctx context.Context, t *terminal.Terminal) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	err = askHealth(ctx, address)
	p := t.Printer()
	if c.JSON {
		d := healthDocument{URL: address, Healthy: err == nil, Seconds: time.Since(started).Seconds()}
		return errors.Join(p.Document(d), err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, "%s is well.\n", address)
	return err
}

func (c *Health) address() (string, error) {
	if c.App != "" {
		return strings.TrimRight(c.App, "/") + "/healthz", nil
	}
	conf, err := c.load()
	if err != nil {
		return "", err
	}
	return "http://" + conf.LocalAddress() + "/healthz", nil
}

func askHealth(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return exit.With(exit.Usage, fmt.Errorf("%q is no address of an app", address))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return exit.With(exit.Unreachable, fmt.Errorf("the server does not answer: %w", err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return exit.With(exit.Unreachable, errors.Join(fmt.Errorf("the server is not well: it answered %s: %s", resp.Status, text.OneLine(string(said))), err))
	}
	return nil
}
