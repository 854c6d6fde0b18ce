package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Log prints the output of a release's run.
type Log struct {
	AppFlags
	siteFlag
	Number int64 `arg:"" optional:"" help:"Number of the release (default: the current one if it has begun, else the last that had)."`
	Follow bool  `help:"Go on until the release is over."`
	JSON   bool  `name:"json" help:"Print each line as JSON."`
}

// Help has the example.
func (Log) Help() string {
	return `On a terminal, control characters of the output are left out; into a file or a pipe it goes as it is. With --json each line of the output is a line of JSON.

Examples:

  pressrun log --follow
  pressrun log 128 --site www > release-128.txt
  pressrun log --follow --json | jq -r 'select(.text | test("error")) | .text'`
}

// Run prints the output of a release's run.
func (c *Log) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.Client(t)
	if err != nil {
		return err
	}
	site, err := c.name(ctx, client)
	if err != nil {
		return err
	}
	number := c.Number
	if number == 0 {
		if number, err = c.newest(ctx, t, client, site); err != nil {
			return err
		}
	}
	show := func(out io.Writer) error {
		if c.Follow {
			return followLog(ctx, client, site, number, out)
		}
		_, err := copyLog(ctx, client, site, number, out, 0)
		return err
	}
	var lines *lineWriter
	switch {
	case c.JSON:
		lines = jsonLines(&terminal.Printer{Out: t.Out}, site, number)
	case t.IsTerminal:
		lines = plainLines(t.Out)
	default:
		return show(t.Out)
	}
	err = show(lines)
	return errors.Join(err, lines.end())
}

// searched is how many releases are looked through for one that has begun.
const searched = 50

// newest is the number of the newest release that has an output: one that waits
// has none, and while a site is held it is that of the failure that is looked
// for. With --follow a release that will begin by itself is waited for.
func (c *Log) newest(ctx context.Context, t *terminal.Terminal, client *api.Client, site string) (int64, error) {
	releases, err := client.Releases(ctx, site, searched, 0)
	if err != nil {
		return 0, err
	}
	if len(releases) == 0 {
		return 0, exit.With(exit.NotFound, fmt.Errorf("%s has no release yet", site))
	}
	first := releases[0]
	if begun(first) {
		return first.Number, nil
	}
	now, err := client.Site(ctx, site)
	if err != nil {
		return 0, err
	}
	if c.Follow && first.Outcome == "" && now.Condition == "" && now.Held == nil {
		return first.Number, nil
	}
	i := slices.IndexFunc(releases, begun)
	if i < 0 {
		return first.Number, nil
	}
	_, err = fmt.Fprintf(t.Err, "Release #%d has no output: %s\nThis is the output of release #%d, which %s.\n",
		first.Number, text.Plain(withoutOutput(first, now)), releases[i].Number, endedAs(releases[i]))
	return releases[i].Number, err
}

// begun says whether a release had a run.
func begun(r api.Release) bool { return r.Run != nil || r.Times.Starting != nil }

// withoutOutput says why a release has no output.
func withoutOutput(r api.Release, site api.Site) string {
	if r.Outcome == "" {
		return site.Text
	}
	return r.Why
}

func endedAs(r api.Release) string {
	if r.Outcome == "" {
		return "is " + StateWord(r.State)
	}
	return string(r.Outcome)
}

// copyLog prints a log from an offset on and returns how far it has come.
func copyLog(ctx context.Context, client *api.Client, site string, number int64, out io.Writer, from int64) (int64, error) {
	log, err := client.LongLog(ctx, site, number)
	if err != nil {
		return from, err
	}
	defer log.Close()
	if skipped, err := io.CopyN(io.Discard, log, from); err != nil {
		if errors.Is(err, io.EOF) {
			return skipped, nil // it was cut meanwhile
		}
		return from, fmt.Errorf("read the log: %w", err)
	}
	n, err := io.Copy(out, log)
	if err != nil {
		return from + n, fmt.Errorf("read the log: %w", err)
	}
	return from + n, nil
}

// followLog prints a log as it grows until its release is over. Each look
// reads the log anew, so a long one is looked at less often.
func followLog(ctx context.Context, client *api.Client, site string, number int64, out io.Writer) error {
	var at int64
	for {
		// Asked before the log is read: what a release wrote before its end
		// is then in it.
		r, err := client.Release(ctx, site, number)
		if err != nil {
			return err
		}
		started := time.Now()
		at, err = copyLog(ctx, client, site, number, out, at)
		if err != nil && (r.Outcome != "" || !notFound(err)) {
			return err
		}
		if r.Outcome != "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(pollEvery, 5*time.Since(started))):
		}
	}
}

// notFound says that a run has written nothing yet.
func notFound(err error) bool {
	p, ok := errors.AsType[*api.Problem](err)
	return ok && exit.OfStatus(p.Status) == exit.NotFound
}
