package steps

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Deploy makes the built site the live one.
type Deploy struct {
	BuiltSite

	CDN         *publish.CDN // nil for none
	Redirects   publish.Redirects
	SamplePages int // the number of changed pages to choose for Verify
	Environment shell.Environment
}

// Name implements Step.
func (Deploy) Name() string { return "deploy" }

// Do implements Step.
func (r Deploy) Do(ctx context.Context) (Result, error) {
	if r.To == "" {
		return skipped("no destination is set (--to)")
	}
	source, err := r.source(ctx)
	if err != nil {
		return Result{}, err
	}
	if r.App != nil {
		if err := r.App.ConfirmClaim(ctx); err != nil {
			return Result{}, err
		}
	}
	r.Console.Does("deploying")
	dest, err := r.destination(ctx)
	if err != nil {
		return Result{}, err
	}
	if a := r.Record.Now().Allowed; a != nil {
		r.Console.Say("%s", allowedWords(a))
	}
	plan := r.plan(dest)
	plan.Source, plan.CDN, plan.Redirects = source, r.CDN, r.Redirects
	plan.DryRun = r.DryRun
	plan.Owner = fmt.Sprintf("run %s attempt %d", r.Record.Now().Run.ID, r.Record.Now().Run.Attempt)
	plan.Progress = r.progress()
	plan.Purging = func(name string) { r.Console.Does("telling " + name) }
	if r.PublicURL != "" {
		plan.SamplePages = r.SamplePages
	}
	published, err := publish.Run(ctx, plan)
	if err != nil {
		return Result{}, deployFailed(ctx, err)
	}
	r.recordCDN(published)
	return r.deployed(published)
}

// source is the content to publish: the built site, or an earlier release.
func (r Deploy) source(ctx context.Context) (publish.Source, error) {
	if to := r.Record.Now().RollbackTo; to != 0 {
		return publish.Earlier{Release: to}, nil
	}
	if r.Plan != "" {
		return r.planned()
	}
	output, err := r.output()
	if err != nil {
		return nil, err
	}
	site, err := r.build(output)
	if err != nil {
		return nil, err
	}
	site.Commit = commitOf(ctx, r.Dir, r.Environment, r.Commit)
	return site, nil
}

// progress reports the progress of the deploy to people and to the app.
func (r Deploy) progress() func(deploy.Event) {
	last := time.Now() // a short deploy logs its end only
	return func(e deploy.Event) {
		r.Console.Does(fmt.Sprintf("deploying: %s, %d of %d files", e.Phase, e.Done, e.Total))
		if time.Since(last) < 5*time.Second {
			return
		}
		last = time.Now()
		r.Console.Say("%s: %d of %d files, %s of %s", e.Phase, e.Done, e.Total, text.Bytes(e.Bytes), text.Bytes(e.TotalBytes))
	}
}

func deployFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if guard, ok := errors.AsType[*guard.Error](err); ok {
		return refused(guard)
	}
	return &failure.Error{Why: fmt.Sprintf("the deploy failed; the site stays as it was: %v", err), Fault: release.FaultPlatform, Code: failure.ExitDeploy, Err: err}
}

// deployed records the result of a deploy. A failure after the commit is a warning only.
func (r Deploy) deployed(p publish.Report) (Result, error) {
	if p.SampleErr != nil {
		r.Console.Say("only the marker will be looked at: %v", p.SampleErr)
	}
	done := state.DeployDone{
		Sample:  p.Sample,
		Release: p.Release, Sequence: p.Sequence, Committed: p.Live, Commit: p.Commit, At: time.Now().UTC(),
		Uploaded: int64(p.Uploaded), UploadedBytes: p.UploadedBytes, HeadersOnly: int64(p.Counts.Headers),
		Deleted: int64(p.Deleted), Unchanged: int64(p.Counts.Unchanged), Warnings: p.Warnings,
	}
	for _, c := range p.Changed[:min(len(p.Changed), 100)] {
		done.Changed = append(done.Changed, c.Path)
	}
	for _, n := range p.Notes {
		r.Console.Say("note: %s", n)
	}
	for _, w := range done.Warnings {
		r.GitHub.Warning("the site is deployed, but: " + w)
		r.Console.Say("the site is deployed, but: %s", w)
	}
	err := r.Record.Change(func(s *state.State) {
		s.Deploy = &done
		s.Built = &state.Built{Files: int64(p.Files), Pages: int64(p.Pages), Bytes: p.Bytes}
		// Without a public address, the commit at the destination must do.
		s.Live = p.Live && r.PublicURL == ""
	})
	note := fmt.Sprintf("release %d: %d files sent (%s), %d deleted, %d unchanged",
		p.Release, p.Uploaded, text.Bytes(p.UploadedBytes), p.Deleted, p.Counts.Unchanged)
	if z := p.Compressed; z != nil {
		note += fmt.Sprintf(", %d compressed (%s as %s)", z.Files, text.Bytes(z.Built), text.Bytes(z.Stored))
	}
	if l := p.LostLinks; l != nil {
		r.Console.Say("%s: %s", l, strings.Join(l.Examples[:min(len(l.Examples), 3)], ", "))
	}
	if p.DryRun {
		note = "dry run, nothing was changed: " + note
	}
	return Result{Note: note}, err
}

// OpenCDN opens the site's CDN, nil for none, before anything is built, so that a wrong name
// or a missing token does not show after an hour. It takes the CDN's secret out of the
// environment, so that the build does not see it.
func OpenCDN(ctx context.Context, flags options.CDNFlags, publicURL string, env shell.Environment, w *workflow.Workflow) (*publish.CDN, error) {
	opened, err := publish.OpenCDN(ctx, cdn.Config{
		Address: flags.CDN, PublicURL: publicURL, Tags: flags.CDNTags, CleanURLs: flags.CDNCleanURLs, NotFoundCached: flags.CDNNotFound,
		SecretFile: flags.CDNSecretFile, Getenv: env.Get,
	})
	if err != nil {
		return nil, failure.Usage("--cdn: %v", err)
	}
	if opened == nil {
		return nil, nil //nolint:nilnil // no CDN is no mistake
	}
	opened.Limit = flags.CDNLimit
	variable := cdn.SecretVariable(flags.CDN)
	w.Mask(env.Get(variable))
	delete(env, variable)
	return opened, nil
}

// recordCDN records the result of the purge, or logs its forecast in a dry run.
func (r Deploy) recordCDN(p publish.Report) {
	if p.Forecast != nil {
		r.Console.Say("dry run: for %s: %s", r.CDN.Name(), p.Forecast)
	}
	c := p.CDN
	if c == nil {
		return
	}
	edge := api.Edge{CDN: c.CDN, State: string(c.State()), Seconds: c.Seconds}
	switch c.State() {
	case publish.CDNPending:
		edge.Why = fmt.Sprintf("%s was not purged: %v", edge.CDN, c.Cause())
	case publish.CDNPurged:
		edge.Purged = int64(c.Decision.Units)
		r.Console.Say("%s", c)
	case publish.CDNCurrent:
		r.Console.Say("%s", c)
	}
	r.keepCDN(edge)
}
