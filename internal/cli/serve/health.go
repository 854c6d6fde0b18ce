package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type healthCmd struct {
	configFlag
	App     string        `placeholder:"URL" help:"Address of the app (default: where the configuration says that it listens)."`
	Timeout time.Duration `default:"4s" placeholder:"SPAN" help:"How long it may take to answer (default ${default})."`
	JSON    bool          `name:"json" help:"Print JSON."`
}

// Help has the example.
func (healthCmd) Help() string {
	return `Ends with 0 if the server answers and can read what it keeps, else with 6. It needs no token.

Example, in a Dockerfile:

  HEALTHCHECK CMD ["/pressrun", "health"]`
}

// healthDocument is what `health --json` prints.
type healthDocument struct {
	URL     string  `json:"url"`
	Healthy bool    `json:"healthy"`
	Seconds float64 `json:"seconds"`
}

// Run asks the server.
func (c *healthCmd) Run(ctx context.Context, t *terminal) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	err = askHealth(ctx, address)
	p := &printer{out: t.out}
	if c.JSON {
		d := healthDocument{URL: address, Healthy: err == nil, Seconds: time.Since(started).Seconds()}
		return errors.Join(p.document(d), err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%s is well.\n", address)
	return err
}

func (c *healthCmd) address() (string, error) {
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
		return withCode(exitUsage, fmt.Errorf("%q is no address of an app", address))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return withCode(exitUnreachable, fmt.Errorf("the server does not answer: %w", err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return withCode(exitUnreachable, errors.Join(fmt.Errorf("the server is not well: it answered %s: %s", resp.Status, oneLine(string(said))), err))
	}
	return nil
}
