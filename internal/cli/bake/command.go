// Package bake has the command that makes static files of a live CMS.
package bake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/bake"
	"github.com/pressrun/pressrun/internal/bake/crawl"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/pace"
)

// Command bakes a CMS.
type Command struct {
	terminal.OutputFlags
	Address string `arg:"" help:"The CMS's root, as https://cms.example.gov, or https://www.example.gov/blog/ for one below a path. Plain http only on this machine."`
	Dir     string `arg:"" help:"The folder that becomes the site. It changes only when the bake is accepted."`

	PublicURL string        `name:"public-url" placeholder:"URL" help:"Where the site will be: what sitemaps, feeds and canonical links name in place of the CMS."`
	State     string        `placeholder:"FOLDER" help:"Where the bake keeps what it knows (default: DIR.bake)."`
	Extra     []string      `sep:"none" placeholder:"PATH" help:"A page that nothing links to. Repeat it for more."`
	Exclude   []string      `sep:"none" placeholder:"GLOB" help:"Paths that are never asked for, besides those of editors (wp-admin, user/login, ...)."`
	Pager     []string      `sep:"none" placeholder:"NAME" help:"A parameter that numbers the pages of a list, which then become paths (default: page, paged, pg)."`
	Drop      []string      `sep:"none" placeholder:"NAME" help:"A parameter that changes nothing of a page, besides utm_... and the like."`
	Changed   []string      `sep:"none" placeholder:"WHAT" help:"What changed since the last bake: a path, or a tag of the CMS's cache (node:12). Only what depends on it is asked for."`
	Always    []string      `sep:"none" placeholder:"GLOB" help:"Paths that are asked for even then, besides the home page, feeds and sitemaps."`
	Full      bool          `help:"Ask for all anew."`
	FullEvery time.Duration `default:"24h" placeholder:"SPAN" help:"Ask for all anew when the last time is so long ago."`

	Canary      []string `sep:"none" placeholder:"[PATH=]TEXT" help:"A text that must be in the home page, or in the page at a path that begins with /."`
	MaxLost     float64  `default:"0.1" placeholder:"SHARE" help:"Share of the last bake's pages that may be gone at once."`
	MaxBroken   int      `default:"0" placeholder:"N" help:"How many addresses may newly be linked and not there."`
	Unreachable string   `enum:"keep,refuse" default:"keep" help:"Where the CMS gives no answer for a page: keep its old bytes, or refuse the bake."`
	Robots      string   `enum:"keep,allow" default:"keep" help:"A robots.txt that forbids all pages: refuse the bake (keep), or publish one that forbids nothing (allow)."`
	MayName     []string `sep:"none" placeholder:"GLOB" help:"Files in which the CMS's host may be, as *.pdf."`
	Allow       []string `placeholder:"GUARD" help:"Let a guard pass, this once."`

	AtOnce    int           `default:"16" placeholder:"N" help:"Requests at once, at most. It begins with 4."`
	PerSecond float64       `placeholder:"N" help:"Requests in a second, at most (default: as the CMS bears)."`
	MaxPages  int           `default:"200000" placeholder:"N" help:"Addresses that are asked for, at most."`
	Timeout   time.Duration `default:"30s" help:"How long an answer may take to begin."`
	AuthFile  string        `type:"existingfile" placeholder:"FILE" help:"USER:PASSWORD of a CMS that lets nobody in without (HTTP Basic). Not an editor's: the bake must see what visitors see."`

	Account string `placeholder:"FILE" help:"Write the account of all addresses there, as JSON."`
	List    string `enum:"problems,all,none" default:"problems" help:"Addresses that the text lists: those that are not in the output and should be, all, or none."`
	DryRun  bool   `help:"Ask for all, and judge it; change nothing."`
}

// Help has the examples.
func (Command) Help() string {
	return `Asks for every page of a CMS as a visitor would, and makes static files of them:
all that sitemaps, robots.txt, links, style sheets, feeds, the last bake, and the APIs
of WordPress, Ghost, Wagtail and Drupal name. Addresses are rewritten in place, and no other byte. The next
bake asks only for what changed, where the CMS tells; a bake that was killed goes on
where it was. Guards refuse what must not be public, and then DIR is as it was.

Examples:

  pressrun bake https://cms.example.gov public --public-url https://www.example.gov
  pressrun bake https://cms.example.gov public --dry-run --json | jq .counts
  pressrun bake https://cms.example.gov public --changed node:12 --changed /news/
  pressrun bake https://cms.example.gov public --canary "Office of" --account bake.json
  pressrun deploy public s3://www.example.gov

Exit code 9: a guard refused the bake. The guards: ` + strings.Join(judge.Guards(), ", ") + `.`
}

// Run bakes.
func (c *Command) Run(ctx context.Context, t *terminal.Terminal) error {
	o, err := c.options(t)
	if err != nil {
		return err
	}
	tell, end := progress(t, c.JSON)
	o.Tell = tell
	a, err := bake.Run(ctx, o)
	end()
	refused, isRefused := errors.AsType[*bake.Refused](err)
	switch {
	case errors.Is(err, bake.ErrOptions):
		return exit.With(exit.Usage, err)
	case errors.Is(err, state.ErrBusy):
		return exit.With(exit.Conflict, err)
	case err != nil && !isRefused:
		return err
	}
	if err := c.print(c.Printer(t), a); err != nil {
		return err
	}
	if isRefused {
		return exit.With(exit.Refused, refused)
	}
	return nil
}

func (c *Command) options(t *terminal.Terminal) (bake.Options, error) {
	o := bake.Options{
		CMS: c.Address, Dir: c.Dir, State: c.State, PublicURL: c.PublicURL,
		Extras: c.Extra, Exclude: c.Exclude, Pagers: c.Pager, Dropped: c.Drop, Canaries: c.Canary, MayLeak: c.MayName,
		Changes: c.Changed, Always: c.Always, Full: c.Full, FullEvery: c.FullEvery,
		Limits:      judge.Limits{MaxLost: c.MaxLost, MaxBroken: c.MaxBroken, RefuseUnreachable: c.Unreachable == "refuse", Allow: c.Allow},
		AllowRobots: c.Robots == "allow", MaxPages: c.MaxPages, Timeout: c.Timeout, DryRun: c.DryRun,
		Pace:      pace.Limits{Most: c.AtOnce, PerSecond: c.PerSecond},
		UserAgent: "pressrun-bake/" + t.Version,
	}
	if c.AuthFile == "" {
		return o, nil
	}
	var err error
	o.Authorization, err = bake.ReadAuthorization(c.AuthFile)
	return o, err
}

// print prints the account, and writes it to the file of --account.
func (c *Command) print(p *terminal.Printer, a judge.Account) error {
	if c.Account != "" {
		text, err := json.MarshalIndent(a, "", "  ")
		if err == nil {
			err = os.MkdirAll(filepath.Dir(c.Account), 0o700)
		}
		if err == nil {
			err = atomicfile.Write(c.Account, append(text, '\n'))
		}
		if err != nil {
			return fmt.Errorf("write the account: %w", err)
		}
	}
	if c.JSON {
		return p.Document(a)
	}
	return printAccount(p, a, c.List)
}

// progress returns a function that writes how far the crawl is, and one that removes the
// progress line.
func progress(t *terminal.Terminal, quiet bool) (report func(crawl.Progress), end func()) {
	if t.Progress {
		line := terminal.NewProgress(t)
		return func(p crawl.Progress) { line.Show(p.String()) }, line.Clear
	}
	if quiet {
		return nil, func() {}
	}
	last := t.Now()
	return func(p crawl.Progress) {
		if now := t.Now(); now.Sub(last) >= plainEvery {
			last = now
			fmt.Fprintln(t.Err, p)
		}
	}, func() {}
}

// plainEvery is how often progress writes a line where there is no terminal.
const plainEvery = 15 * time.Second
