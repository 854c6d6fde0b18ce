package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/publish/planfile"
)

// Plan says what a deploy would do.
type Plan struct {
	placeFlags
	terminal.OutputFlags
	buildFlags
	Allow  guardNames `placeholder:"GUARD" help:"Guards that are let pass this once, by name."`
	Out    string     `placeholder:"FILE" help:"Write the plan to a file, for pressrun apply."`
	Shards int        `placeholder:"N" help:"Let N jobs send the content (apply --shard) and one put it in place (commit). Needs --out."`
	cdnFlags
}

// Help has the examples.
func (Plan) Help() string {
	return `Says what a deploy would do, and changes nothing. A plan in a file can be looked
at, and then be applied as it is or not at all; that also purges the CDN in it.

Examples:

  pressrun plan dist s3://www.example.org
  pressrun plan dist s3://www.example.org --out plan.json && pressrun apply plan.json
  pressrun plan dist s3://www.example.org --out plan.json --shards 8`
}

// Run plans.
func (c *Plan) Run(ctx context.Context, t *terminal.Terminal) error {
	if c.Shards != 0 && (c.Out == "" || c.Shards < 1 || c.Shards > engine.MaxShards) {
		return exit.With(exit.Usage, fmt.Errorf("--shards is 1 to %d, and needs --out", engine.MaxShards))
	}
	dest, err := c.openBuild(ctx, c.placeFlags, reportWaiting(t))
	if err != nil {
		return err
	}
	plan := publish.Plan{Site: c.Site, Destination: dest, Allow: c.Allow, DryRun: true, Now: t.Now}
	if plan.Source, err = c.build(); err != nil {
		return err
	}
	if err := c.cdnFlags.open(ctx, &plan); err != nil {
		return err
	}
	report, err := publish.Run(ctx, plan)
	if err != nil {
		return deployError(err)
	}
	if c.Out != "" {
		if err := c.save(report); err != nil {
			return err
		}
	}
	return printReport(c.Printer(t), report)
}

// save writes the plan to its file.
func (c *Plan) save(r publish.Report) error {
	folder, err := filepath.Abs(c.Dir)
	if err != nil {
		return fmt.Errorf("find the build: %w", err)
	}
	file := planfile.Plan{
		Destination:   planfile.Destination{Address: c.To, Site: c.Site, Endpoint: c.Endpoint, Region: c.Region, State: c.State},
		Build:         planfile.Build{Folder: folder, Release: c.Release, Commit: c.Commit, Repair: c.Repair, Concurrency: c.AtOnce, Rules: c.Rules},
		CDN:           planfile.CDN{Address: c.CDN, Tags: c.Tags, CleanURLs: c.CleanURLs, NotFoundCached: c.NotFoundCached},
		RedirectStore: c.RedirectStore, PublicURL: c.PublicURL,
		Allow: c.Allow, Parent: r.Parent, Digest: r.PlanDigest, Changes: r.All, Shards: c.Shards,
	}
	if c.Shards > 0 {
		if file.Manifest, err = r.Next.Encode(); err != nil {
			return err
		}
	}
	if file.Summary, err = json.Marshal(document(r)); err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	return planfile.Write(c.Out, file)
}
