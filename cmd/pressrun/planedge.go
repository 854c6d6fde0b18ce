package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

// edgeFlags name the CDN that a plan reckons with.
type edgeFlags struct {
	CDN       string `name:"cdn" placeholder:"KIND:NAME" help:"Also say what this CDN would be told to forget, and at what price; see pressrun invalidate."`
	PublicURL string `name:"public-url" placeholder:"URL" help:"The site's public address, for --cdn."`
	Tags      bool   `help:"The CDN is set up to read cache tags, for --cdn."`
}

// forecast is what the CDN would be told of this plan alone: what an earlier
// release left untold comes on top. Nil when no CDN was named.
func (f edgeFlags) forecast(ctx context.Context, dest deploy.Destination, site string, r deploy.Result) (*cdn.Decision, error) {
	if f.CDN == "" {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	purger, err := cdn.Open(ctx, cdn.Config{Address: f.CDN, PublicURL: f.PublicURL, Tags: f.Tags})
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	public, err := url.Parse(f.PublicURL)
	if err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("read the public address: %w", err))
	}
	live, err := liveManifest(ctx, dest, site)
	if err != nil {
		return nil, err
	}
	limits := purger.Limits()
	in := cdn.Input{Site: site, Release: r.Release, Sequence: r.Sequence, Base: public.Path, Held: []cdn.Object{}}
	for _, e := range live.Entries {
		in.Held = append(in.Held, cdn.Object{Path: e.Path, Tags: cdn.Tags(e.Headers, limits.TagHeader)})
	}
	for _, c := range r.All {
		change := cdn.Change{Path: c.Path, Reason: c.Reason}
		if e, ok := live.Find(c.Path); ok {
			change.Tags = cdn.Tags(e.Headers, limits.TagHeader)
		}
		in.Changes = append(in.Changes, change)
	}
	decision := cdn.Plan(in, limits)
	return &decision, nil
}

// liveManifest is that of the live release; an empty one before the first.
func liveManifest(ctx context.Context, dest deploy.Destination, site string) (*deploy.Manifest, error) {
	head, err := history.ReadHead(ctx, dest.State, site)
	if err != nil {
		return nil, err
	}
	if head.Live == nil {
		return &deploy.Manifest{}, nil
	}
	return history.ReadManifest(ctx, dest.State, history.ManifestKey(head.Live.Manifest), site)
}
