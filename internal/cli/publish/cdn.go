package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/publish"
)

// cachingFlags say how a CDN caches a site. They are the same in every command
// that reckons with one, and in a run.
type cachingFlags struct {
	PublicURL      string `name:"public-url" placeholder:"URL" help:"The site's public address, for --cdn."`
	Tags           bool   `help:"The CDN is set up to read cache tags (CloudFront, Cloudflare)."`
	CleanURLs      bool   `name:"clean-urls" help:"The site shows about.html as /about too: drop both addresses."`
	NotFoundCached bool   `name:"not-found-cached" help:"The CDN keeps a \"not found\" for long: drop the addresses of new pages too."`
}

func (f cachingFlags) config(address string) cdn.Config {
	return cdn.Config{Address: address, PublicURL: f.PublicURL, Tags: f.Tags, CleanURLs: f.CleanURLs, NotFoundCached: f.NotFoundCached}
}

// cdnFlags name the CDN that a command which publishes tells of it.
type cdnFlags struct {
	CDN           string `name:"cdn" placeholder:"KIND:NAME" help:"Tell this CDN what changed, or in a dry run say what it would be told and at what price; see pressrun invalidate."`
	RedirectStore string `name:"redirect-store" placeholder:"ARN" help:"Also keep the redirects in this CloudFront KeyValueStore, for the function of pressrun cdn function; \"none\" when the releases before did and this one is not to."`
	cachingFlags
}

// open opens the CDN and the redirect store of a plan, before anything is
// published: a wrong name or a missing token must not be found out afterwards.
func (f cdnFlags) open(ctx context.Context, p *publish.Plan) (err error) {
	if p.Redirects, err = publish.OpenRedirects(ctx, f.RedirectStore, f.PublicURL); err != nil {
		return exit.With(exit.Usage, err)
	}
	if p.CDN, err = publish.OpenCDN(ctx, f.config(f.CDN)); err != nil {
		return exit.With(exit.Usage, err)
	}
	return nil
}
