package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
)

const planFormat = 1

// savedPlan is a plan as a file: what people look at, and what apply holds a
// deploy to.
type savedPlan struct {
	Format  int             `json:"format"`
	Place   placeFlags      `json:"place"`
	Build   buildFlags      `json:"build"`
	Allow   []string        `json:"allow,omitempty"`
	Result  deploy.Result   `json:"result"`
	Changes []deploy.Change `json:"changes"`
}

type planCmd struct {
	placeFlags
	outputFlags
	buildFlags
	Allow []string `placeholder:"GUARD,..." help:"Guards that are let pass this once, by name."`
	Out   string   `placeholder:"FILE" help:"Write the plan to a file, for pressrun apply."`
}

// Help has the examples.
func (planCmd) Help() string {
	return `Says what a deploy would do, and changes nothing. A plan in a file can be looked
at, and then be applied as it is or not at all.

Examples:

  pressrun plan dist s3://www.example.org
  pressrun plan dist s3://www.example.org --out plan.json && pressrun apply plan.json`
}

// Run plans.
func (c *planCmd) Run(ctx context.Context, t *terminal) error {
	dest, err := c.open(ctx, c.To)
	if err != nil {
		return err
	}
	opts := engine.Options{Site: c.Site, Allow: c.Allow, DryRun: true, Now: t.now}
	if err := c.apply(&opts); err != nil {
		return err
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return fmt.Errorf("find the build: %w", err)
	}
	result, err := engine.Run(ctx, dest, opts)
	if err != nil {
		return deployError(err)
	}
	if c.Out != "" {
		text, err := json.MarshalIndent(savedPlan{planFormat, c.placeFlags, c.buildFlags, c.Allow, result, result.All}, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the plan: %w", err)
		}
		if err := os.WriteFile(filepath.Clean(c.Out), append(text, '\n'), 0o600); err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
	}
	return tellDeploy(c.printer(t), result, nil)
}

type applyCmd struct {
	outputFlags
	Plan   string `arg:"" help:"File that pressrun plan --out wrote."`
	NoWait bool   `help:"Give up at once when another deploy holds the destination."`
	progressFlags
}

// Help has the example.
func (applyCmd) Help() string {
	return `Carries out a plan exactly as it was looked at. When another release has gone
live since, or the build has changed, it is refused with exit code 4.

Example:

  pressrun apply plan.json`
}

// maxPlan bounds a plan's file: two million changed paths.
const maxPlan = 512 << 20

// Run applies.
func (c *applyCmd) Run(ctx context.Context, t *terminal) error {
	plan, err := readPlan(c.Plan)
	if err != nil {
		return withCode(exitUsage, err)
	}
	dest, err := plan.Place.open(ctx, plan.Build.To)
	if err != nil {
		return err
	}
	opts, end := publishFlags{Allow: plan.Allow, NoWait: c.NoWait, progressFlags: c.progressFlags}.options(t, plan.Place.Site, c.outputFlags)
	if err := plan.Build.apply(&opts); err != nil {
		return err
	}
	opts.Expect = &engine.Expect{Parent: plan.Result.Parent, Digest: plan.Result.PlanDigest}
	result, err := engine.Run(ctx, dest, opts)
	end()
	return tellDeploy(c.printer(t), result, err)
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
