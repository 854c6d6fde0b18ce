package publish

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/store"
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

// edgeFlags name the CDN that a command which publishes tells of it.
type edgeFlags struct {
	CDN           string `name:"cdn" placeholder:"KIND:NAME" help:"Tell this CDN what changed, or in a dry run say what it would be told and at what price; see pressrun invalidate."`
	RedirectStore string `name:"redirect-store" placeholder:"ARN" help:"Also keep the redirects in this CloudFront KeyValueStore, for the function of pressrun cdn function; \"none\" when the releases before did and this one is not to."`
	cachingFlags
}

// redirects sets the store that a release keeps its redirects in too.
func (f edgeFlags) redirects(ctx context.Context, o *engine.Options) error {
	if f.RedirectStore == "" || f.RedirectStore == "none" {
		o.WithoutRedirects = f.RedirectStore == "none"
		return nil
	}
	store, err := cdn.OpenKeyValueStore(ctx, cdn.KeyValueConfig{ARN: f.RedirectStore, PublicURL: f.PublicURL})
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	o.Redirects = store
	return nil
}

// edge is the CDN before a site that is being published; nil for none.
type edge struct {
	config cdn.Config
	purger cdn.Purger
	dest   store.Destination
	site   string
	told   bool
	// forecast is what it would be told, report what it was.
	forecast *cdn.Decision
	report   *cdn.Report
	err      error
}

// open makes what tells the CDN, before anything is published: a wrong name or a
// missing token must not be found out afterwards.
func (f edgeFlags) open(ctx context.Context, dest store.Destination, o *engine.Options) (*edge, error) {
	if err := f.redirects(ctx, o); err != nil {
		return nil, err
	}
	if f.CDN == "" {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	config := f.config(f.CDN)
	purger, err := cdn.Open(ctx, config)
	if err != nil {
		return nil, exit.With(exit.Usage, err)
	}
	e := &edge{config: config, purger: purger, dest: dest, site: o.Site}
	e.attach(o)
	return e, nil
}

// attach lets a deploy tell the CDN once its release is live and before it
// deletes anything.
func (e *edge) attach(o *engine.Options) {
	if o.DryRun {
		return
	}
	o.Invalidate = func(ctx context.Context, _ deploy.Result) error {
		e.tell(ctx)
		return nil // told by finish; the deletes follow all the same
	}
}

func (e *edge) tell(ctx context.Context) {
	e.told = true
	report, err := cdn.Sync(ctx, e.dest, e.purger, e.config.Sync(e.site))
	e.report, e.err = &report, err
}

// finish tells the CDN what a deploy that changed nothing did not: what an
// earlier one could not tell. Of a dry run it says what would be told.
func (e *edge) finish(ctx context.Context, r deploy.Result) error {
	switch {
	case e == nil:
		return nil
	case r.DryRun:
		forecast, err := e.plan(ctx, r)
		e.forecast = forecast
		return err
	case r.Live && !e.told:
		e.tell(ctx)
	}
	return nil
}

// tellPublished prints what a deploy did, and what became of the CDN.
func tellPublished(ctx context.Context, p *terminal.Printer, r deploy.Result, err error, e *edge) error {
	if err != nil && !r.Live {
		return deployError(err)
	}
	if e == nil {
		return unprinted(r, tellDeploy(p, r, err))
	}
	if err := e.finish(ctx, r); err != nil {
		return err
	}
	if err := e.print(p, r, err); err != nil {
		return unprinted(r, err)
	}
	if e.err != nil {
		return exit.With(exit.CDNPending, e.pending())
	}
	return nil
}

// unprinted keeps an output that could not be written from being taken for a
// release that failed.
func unprinted(r deploy.Result, err error) error {
	if err == nil || !r.Live || r.DryRun {
		return err
	}
	return fmt.Errorf("release %d is live, but what was done could not be printed: %w", r.Release, err)
}

// pending is the CDN's error, which is no failure of the release.
func (e *edge) pending() error {
	if _, ok := errors.AsType[*cdn.PendingError](e.err); ok {
		return e.err
	}
	return fmt.Errorf("live at the origin, but %s was not told: %w (pressrun invalidate finishes it)", e.purger.Name(), e.err)
}

func (e *edge) print(p *terminal.Printer, r deploy.Result, after error) error {
	if !p.JSON {
		if err := tellDeploy(p, r, after); err != nil {
			return err
		}
		if what := e.String(); what != "" {
			return p.Table(terminal.Fields{{"at the CDN", what}})
		}
		return nil
	}
	if after != nil {
		r.Warnings = append(r.Warnings, after.Error())
	}
	if e.forecast != nil {
		return p.Document(struct {
			deploy.Result
			CDN *cdn.Decision `json:"cdn"`
		}{r, e.forecast})
	}
	return p.Document(struct {
		deploy.Result
		CDN *cdn.Report `json:"cdn"`
	}{r, e.report})
}

// String says in a line what became of the CDN; "" when an error says it.
func (e *edge) String() string {
	switch {
	case e.forecast != nil:
		return e.forecast.String()
	case e.report == nil || e.err != nil:
		return ""
	case e.report.Decision.Set.Empty():
		return e.report.CDN + " holds nothing that changed"
	}
	return fmt.Sprintf("%s: %s, in %.1fs", e.report.CDN, e.report.Decision, e.report.Seconds)
}
