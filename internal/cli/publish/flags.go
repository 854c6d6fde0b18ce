package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/publish"
)

// placeFlags name a destination and how to reach it.
type placeFlags struct {
	Site     string `env:"PRESSRUN_SITE" placeholder:"NAME" help:"Name of the site (${env}). A destination that holds another one is refused."`
	Endpoint string `env:"PRESSRUN_S3_ENDPOINT" placeholder:"URL" help:"Address of an S3 store that is not AWS (${env})."`
	Region   string `placeholder:"REGION" help:"Region of the bucket. Or set AWS_REGION."`
	State    string `placeholder:"ADDRESS" help:"Another s3:// address for the state, so that a public bucket holds the site alone."`
}

// open opens a destination; it calls waiting, unless nil, when the store does not
// answer.
func (f placeFlags) open(ctx context.Context, address string, waiting func(s3.Waiting)) (store.Destination, error) {
	dest, err := destination.Open(ctx, address, destination.Options{Endpoint: f.Endpoint, Region: f.Region, State: f.State, Waiting: waiting})
	if err != nil {
		return dest, exit.With(exit.Usage, err)
	}
	return dest, nil
}

// publishFlags are those of commands that change a live site.
type publishFlags struct {
	Allow  guardNames `placeholder:"GUARD" help:"Guards that are let pass this once, by name."`
	DryRun bool       `help:"Say what would be done, and change nothing."`
	NoWait bool       `help:"Give up at once when another deploy holds the destination."`
	progressFlags
}

// guardNames are guards that are let pass.
type guardNames []string

// Validate refuses a name that is none before anything is read: mistyped, it would
// let nothing pass.
func (names guardNames) Validate() error {
	for _, name := range names {
		if !slices.Contains(guard.Names(), name) {
			return fmt.Errorf("%q is no guard: expected one of %s", name, strings.Join(guard.Names(), ", "))
		}
	}
	return nil
}

// plan is the release that the flags describe, and a function that removes the progress
// line.
func (f publishFlags) plan(t *terminal.Terminal, dest store.Destination, site string, out terminal.OutputFlags) (p publish.Plan, end func()) {
	progress, end := f.reporter(t, out.JSON)
	p = publish.Plan{Site: site, Destination: dest, Allow: f.Allow, DryRun: f.DryRun, Now: t.Now, Progress: progress}
	if f.NoWait {
		p.LockWait = -1
	}
	return p, end
}

// carryOut publishes, and prints what was done.
func carryOut(ctx context.Context, printer *terminal.Printer, p publish.Plan, end func()) error {
	report, err := publish.Run(ctx, p)
	end()
	if err != nil {
		return deployError(err)
	}
	return printPublished(printer, report)
}

// cachingFlags say how a CDN caches a site. They are the same in every command
// that reckons with one, and in a run.
type cachingFlags struct {
	PublicURL      string `name:"public-url" placeholder:"URL" help:"The site's public address: for --cdn, and so that links to it are taken for the site's own."`
	Tags           bool   `help:"The CDN is set up to read cache tags (CloudFront, Cloudflare)."`
	CleanURLs      bool   `name:"clean-urls" help:"The site shows about.html as /about too: drop both addresses."`
	NotFoundCached bool   `name:"not-found-cached" help:"The CDN keeps a \"not found\" for long: drop the addresses of new pages too."`
}

func (f cachingFlags) config(address string) cdn.Config {
	return cdn.Config{Address: address, PublicURL: f.PublicURL, Tags: f.Tags, CleanURLs: f.CleanURLs, NotFoundCached: f.NotFoundCached}
}

// cdnFlags name the CDN whose cache a command that publishes invalidates.
type cdnFlags struct {
	CDN           string `name:"cdn" placeholder:"KIND:NAME" help:"Purge this CDN of the changes, or in a dry run say what would be purged and at what price; see pressrun invalidate."`
	RedirectStore string `name:"redirect-store" placeholder:"ARN" help:"Also keep the redirects in this CloudFront KeyValueStore, for the function of pressrun cdn function; \"none\" when the releases before did and this one is not to."`
	cachingFlags
}

// open opens the CDN and the redirect store of a plan, before anything is
// published: a wrong name or a missing token must not be found out afterwards.
func (f cdnFlags) open(ctx context.Context, p *publish.Plan) (err error) {
	if _, err := urlpath.Parse(f.PublicURL); err != nil {
		return exit.With(exit.Usage, err)
	}
	p.PublicURL = f.PublicURL
	if p.Redirects, err = publish.OpenRedirects(ctx, f.RedirectStore, f.PublicURL); err != nil {
		return exit.With(exit.Usage, err)
	}
	if p.CDN, err = publish.OpenCDN(ctx, f.config(f.CDN)); err != nil {
		return exit.With(exit.Usage, err)
	}
	return nil
}
