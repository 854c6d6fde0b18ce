package action

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/release"
)

// deploySite makes the built site the live one.
type deploySite struct{}

func (deploySite) Name() string { return "deploy" }

func (deploySite) Do(ctx context.Context, j *job) (Result, error) {
	if j.opts.To == "" {
		return skipped("no destination is set (--to)")
	}
	output, err := j.output()
	if err != nil {
		return Result{}, err
	}
	if err := j.stillOurs(ctx); err != nil {
		return Result{}, err
	}
	j.does("deploying")
	dest, err := j.destination(ctx)
	if err != nil {
		return Result{}, err
	}
	build, err := j.builtSite(output)
	if err != nil {
		return Result{}, err
	}
	build.Commit = j.commit(ctx)
	plan := j.plan(dest)
	plan.Source, plan.CDN, plan.Redirects = build, j.cdn, j.redirects
	plan.DryRun = j.opts.DryRun
	plan.Owner = fmt.Sprintf("run %s attempt %d", j.now().Run.ID, j.now().Run.Attempt)
	plan.Progress = j.progress()
	plan.Telling = func(cdn string) { j.does("telling " + cdn) }
	if j.opts.PublicURL != "" {
		plan.SamplePages = j.opts.VerifyPages
	}
	report, err := publish.Run(ctx, plan)
	if err != nil {
		return Result{}, deployFailed(ctx, err)
	}
	j.tellOfCDN(report)
	return j.deployed(report)
}

// stillOurs asks the app once more just before the site is touched. An app
// that can't be reached does not hold up what it has let begin: the lease at
// the destination keeps two deploys apart.
func (j *job) stillOurs(ctx context.Context) error {
	if j.app == nil {
		return nil
	}
	_, s, err := j.app.session()
	if err != nil {
		return err
	}
	if s.Reported == release.Starting {
		return &FailError{
			Why:   fmt.Sprintf("release #%d has read no content yet: what was built is not for it (the step in-progress comes before the build)", s.Release),
			Fault: release.FaultPressrun, Code: ExitFailed,
		}
	}
	err = j.beat(ctx)
	if taken(err) {
		return fmt.Errorf("%w: %w", errTakenAway, err)
	}
	if err != nil {
		j.say("the app can't be reached just now; deploying what it let begin: %v", err)
	}
	return nil
}

// progress tells people and the app how the deploy gets on.
func (j *job) progress() func(deploy.Event) {
	last := time.Now() // a short deploy has said all in its end
	return func(e deploy.Event) {
		j.does(fmt.Sprintf("deploying: %s, %d of %d files", e.Phase, e.Done, e.Total))
		if time.Since(last) < 5*time.Second {
			return
		}
		last = time.Now()
		j.say("%s: %d of %d files, %s of %s", e.Phase, e.Done, e.Total, size(e.Bytes), size(e.TotalBytes))
	}
}

func deployFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if guard, ok := errors.AsType[*guard.Error](err); ok {
		return refused(guard)
	}
	return &FailError{Why: fmt.Sprintf("the deploy failed; the site stays as it was: %v", err), Fault: release.FaultPlatform, Code: ExitDeploy, Err: err}
}

// deployed keeps what a deploy did. What failed after the commit did not fail
// the release.
func (j *job) deployed(r publish.Report) (Result, error) {
	if r.SampleErr != nil {
		j.say("only the marker will be looked at: %v", r.SampleErr)
	}
	done := DeployDone{
		Sample:  r.Sample,
		Release: r.Release, Sequence: r.Sequence, Committed: r.Live, Commit: r.Commit, At: time.Now().UTC(),
		Uploaded: int64(r.Uploaded), UploadedBytes: r.UploadedBytes, HeadersOnly: int64(r.Counts.Headers),
		Deleted: int64(r.Deleted), Unchanged: int64(r.Counts.Unchanged), Warnings: r.Warnings,
	}
	for _, c := range r.Changed[:min(len(r.Changed), 100)] {
		done.Changed = append(done.Changed, c.Path)
	}
	for _, n := range r.Notes {
		j.say("note: %s", n)
	}
	for _, w := range done.Warnings {
		j.gh.warning("the site is deployed, but: " + w)
		j.say("the site is deployed, but: %s", w)
	}
	err := j.change(func(s *State) {
		s.Deploy = &done
		s.Built = &Built{Files: int64(r.Files), Pages: int64(r.Pages), Bytes: r.Bytes}
		// With no public address to look at, the destination's word must do.
		s.Live = r.Live && j.opts.PublicURL == ""
	})
	note := fmt.Sprintf("release %d: %d files sent (%s), %d deleted, %d unchanged",
		r.Release, r.Uploaded, size(r.UploadedBytes), r.Deleted, r.Counts.Unchanged)
	if z := r.Compressed; z != nil {
		note += fmt.Sprintf(", %d compressed (%s as %s)", z.Files, size(z.Built), size(z.Stored))
	}
	if l := r.LostLinks; l != nil {
		j.say("%s: %s", l, strings.Join(l.Examples[:min(len(l.Examples), 3)], ", "))
	}
	if r.DryRun {
		note = "dry run, nothing was changed: " + note
	}
	return Result{Note: note}, err
}

// commit is the frontend's commit, when it can be had.
func (j *job) commit(ctx context.Context) string {
	if j.opts.Commit != "" {
		return j.opts.Commit
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "-C", j.opts.Dir, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") //nolint:gosec // G204: a folder that the operator names
	cmd.Env = j.env.forCommand(nil, map[string]string{"GIT_TERMINAL_PROMPT": "0"})
	text, err := cmd.Output()
	if err != nil {
		return j.env.get("GITHUB_SHA") // "" outside of GitHub
	}
	return strings.TrimSpace(string(text))
}
