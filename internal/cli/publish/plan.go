package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/plan"
)

const planFormat = 1

// savedPlan is a plan as a file: what people look at, and what apply holds a
// deploy to.
type savedPlan struct {
	Format  int           `json:"format"`
	Place   placeFlags    `json:"place"`
	Build   buildFlags    `json:"build"`
	Allow   []string      `json:"allow,omitempty"`
	Result  deploy.Result `json:"result"`
	Changes []plan.Change `json:"changes"`
	// Shards and Manifest are those of a plan that several jobs carry out.
	Shards   int    `json:"shards,omitempty"`
	Manifest []byte `json:"manifest,omitempty"`
	// Edge names the CDN that is told when the plan is carried out, and CDN is what
	// it would have to forget; nil when none was named.
	Edge edgeFlags     `json:"edge,omitzero"`
	CDN  *cdn.Decision `json:"cdn,omitempty"`
}

// Plan says what a deploy would do.
type Plan struct {
	placeFlags
	terminal.OutputFlags
	buildFlags
	Allow  guardNames `placeholder:"GUARD" help:"Guards that are let pass this once, by name."`
	Out    string     `placeholder:"FILE" help:"Write the plan to a file, for pressrun apply."`
	Shards int        `placeholder:"N" help:"Let N jobs send the content (apply --shard) and one put it in place (commit). Needs --out."`
	edgeFlags
}

// Help has the examples.
func (Plan) Help() string {
	return `Says what a deploy would do, and changes nothing. A plan in a file can be looked
at, and then be applied as it is or not at all; the CDN that it names is told then.

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
	dest, err := c.openBuild(ctx, c.placeFlags, tellWaiting(t))
	if err != nil {
		return err
	}
	opts := engine.Options{Site: c.Site, Allow: c.Allow, DryRun: true, Now: t.Now}
	if err := c.apply(&opts); err != nil {
		return err
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return fmt.Errorf("find the build: %w", err)
	}
	edge, err := c.edgeFlags.open(ctx, dest, &opts)
	if err != nil {
		return err
	}
	result, err := engine.Run(ctx, dest, opts)
	if err != nil {
		return deployError(err)
	}
	if err := edge.finish(ctx, result); err != nil {
		return err
	}
	if c.Out != "" {
		if err := c.save(result, edge); err != nil {
			return err
		}
	}
	if edge == nil {
		return tellDeploy(c.Printer(t), result, nil)
	}
	return edge.print(c.Printer(t), result, nil)
}

func (c *Plan) save(result deploy.Result, edge *edge) error {
	plan := savedPlan{
		Format: planFormat, Place: c.placeFlags, Build: c.buildFlags, Allow: c.Allow, Result: result, Changes: result.All, Shards: c.Shards, Edge: c.edgeFlags,
	}
	if edge != nil {
		plan.CDN = edge.forecast
	}
	var err error
	if c.Shards > 0 {
		if plan.Manifest, err = result.Next.Encode(); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	if err := os.WriteFile(filepath.Clean(c.Out), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// Apply carries out a plan, or one shard of it.
type Apply struct {
	terminal.OutputFlags
	Plan   string `arg:"" help:"File that pressrun plan --out wrote."`
	NoWait bool   `help:"Give up at once when another deploy holds the destination."`
	Shard  *int   `placeholder:"K" help:"Send only the content of shard K (from 1) of a plan --shards; pressrun commit puts it in place."`
	Dir    string `placeholder:"DIR" help:"Folder of the same build, where it lies elsewhere in this job."`
	progressFlags
}

// Help has the example.
func (Apply) Help() string {
	return `Carries out a plan exactly as it was looked at. When another release has gone
live since, or the build has changed, it is refused with exit code 4.

Examples:

  pressrun apply plan.json
  pressrun apply plan.json --shard 3`
}

// maxPlan bounds a plan's file: two million changed paths.
const maxPlan = 512 << 20

// Run applies.
func (c *Apply) Run(ctx context.Context, t *terminal.Terminal) error {
	plan, err := readPlan(c.Plan)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if c.Shard != nil {
		if err := plan.hasShard(*c.Shard); err != nil {
			return exit.With(exit.Usage, err)
		}
	}
	dest, err := plan.Place.open(ctx, plan.Build.To, c.waiting(t))
	if err != nil {
		return err
	}
	opts, end := publishFlags{Allow: plan.Allow, NoWait: c.NoWait, progressFlags: c.progressFlags}.options(t, plan.Place.Site, c.OutputFlags)
	if err := plan.Build.apply(&opts); err != nil {
		return err
	}
	if c.Dir != "" {
		opts.Source = c.Dir
	}
	if c.Shard != nil {
		return c.stage(ctx, t, dest, plan, opts, end)
	}
	opts.Expect = &engine.Expect{Parent: plan.Result.Parent, Digest: plan.Result.PlanDigest}
	edge, err := plan.Edge.open(ctx, dest, &opts)
	if err != nil {
		return err
	}
	result, err := engine.Run(ctx, dest, opts)
	end()
	return tellPublished(ctx, c.Printer(t), result, err, edge)
}

func readPlan(name string) (savedPlan, error) {
	var plan savedPlan
	info, err := os.Stat(name)
	if err != nil {
		return plan, fmt.Errorf("read the plan: %w", err)
	}
	if info.Size() > maxPlan {
		return plan, errors.New("read the plan: the file is too large for one")
	}
	text, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		return plan, fmt.Errorf("read the plan: %w", err)
	}
	if err := json.Unmarshal(text, &plan); err != nil {
		return plan, fmt.Errorf("%s is no plan: %w", name, err)
	}
	if plan.Format != planFormat || plan.Result.PlanDigest == "" {
		return plan, fmt.Errorf("%s is no plan that this version knows: make a new one with pressrun plan --out", name)
	}
	return plan, nil
}
