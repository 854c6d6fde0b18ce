package action

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/report"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/steps"
	"github.com/pressrun/pressrun/action/summary"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/figures"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/redact"
	"github.com/pressrun/pressrun/internal/text"
)

// run is one run of one or all steps.
type run struct {
	*steps.Run
	options options.Options
	figures summary.Figures
	result  io.Writer // for the result with --json
}

// Run carries out a step, or all of them with "all". The error has the exit
// code: see failure.ExitCode. When ctx ends, the run is cancelled.
func Run(ctx context.Context, name string, o options.Options, std console.Streams) error {
	name, err := steps.Known(name)
	if err != nil {
		return err
	}
	environ := o.Environ
	if environ == nil {
		environ = os.Environ()
	}
	env, c := shell.NewEnvironment(environ), console.New(std, o.JSON)
	j := &run{Run: &steps.Run{Console: c, GitHub: workflow.New(env.Get, c.Out)}, options: o, result: std.Out}
	picked, err := j.open(ctx, name, env)
	if err != nil {
		j.GitHub.Annotate(workflow.Annotation{Text: err.Error()})
		return err
	}
	err = j.carryOut(ctx, picked, name == "all")
	if o.JSON {
		err = errors.Join(err, j.printResult())
	}
	return err
}

// open prepares everything that the steps need, and changes nothing. It checks all settings,
// so that a mistake does not show after an hour.
func (j *run) open(ctx context.Context, name string, env shell.Environment) ([]steps.Step, error) {
	claims := name == "all" || name == steps.Claim{}.Name()
	if err := check(&j.options, claims); err != nil {
		return nil, err
	}
	unknown, err := j.detectProject(name, env)
	if err != nil {
		return nil, err
	}
	if j.options.GitHubToken == "" {
		j.options.GitHubToken = options.GitHubToken(env.Get)
	}
	o := j.options
	profile, err := shell.Profile(o.BuildEnv)
	if err != nil {
		return nil, err
	}
	j.conceal(env, profile)
	if note := options.Renamed(o.Endpoint, env.Get); note != "" {
		j.Console.Say("%s", note)
	}
	setup := steps.Setup{Run: j.Run, Options: o, Whole: name == "all", CannotBuild: unknown}
	if err := errors.Join(steps.CheckRules(o), steps.CheckExport(o)); err != nil {
		return nil, err
	}
	if name == "all" || name == (steps.Deploy{}).Name() {
		if setup.Redirects, err = publish.OpenRedirects(ctx, o.RedirectStore, o.PublicURL); err != nil {
			return nil, failure.Usage("--redirect-store: %v", err)
		}
		if setup.CDN, err = steps.OpenCDN(ctx, o.CDNFlags, o.PublicURL, env, j.GitHub); err != nil {
			return nil, err
		}
	}
	if j.Record, err = openRecord(o, claims, env, j.GitHub); err != nil {
		return nil, err
	}
	if j.App, err = report.Open(o.RunFlags, env.Get, j.Record, j.Console, j.GitHub); err != nil {
		return nil, err
	}
	j.figures = summary.Figures{MetricsFlags: o.MetricsFlags, File: j.Record, Console: j.Console, App: j.App, Environment: o.Environment}
	if j.figures.Targets, err = j.openFigures(o.MetricsTo, env); err != nil {
		return nil, err
	}
	setup.Figures = j.figures
	setup.Shell = shell.Shell{Dir: o.Dir, Environment: env, Profile: o.BuildEnv, Mark: "PRESSRUN_MARK=" + rand.Text(), Console: j.Console, GitHub: j.GitHub}
	return steps.Pick(setup, name), nil
}

// conceal hides the secrets of environments, which the site's commands may print, here and,
// by GitHub's masks, in GitHub's log.
func (j *run) conceal(environments ...map[string]string) {
	j.Console.Allow(j.options.Site)
	for _, env := range environments {
		j.Console.Conceal(redact.Secrets(env)...)
	}
	for _, secret := range j.Console.Secrets() {
		for line := range strings.Lines(secret) { // a mask is of one line
			if len(line) >= shortestMask {
				j.GitHub.Mask(line)
			}
		}
	}
}

// openFigures opens the targets of the figures. It takes their secrets out of the
// environment, as OpenCDN does.
func (j *run) openFigures(to string, env shell.Environment) (figures.Targets, error) {
	secrets := map[string]string{}
	for _, name := range figures.Variables(to) {
		secrets[name] = env[name]
		j.Console.Conceal(env[name])
		j.GitHub.Mask(env[name])
		delete(env, name)
	}
	targets, err := figures.Open(to, func(name string) string { return cmp.Or(secrets[name], env.Get(name)) }, nil)
	if err != nil {
		return targets, failure.Usage("--metrics-to: %v", err)
	}
	return targets, nil
}

// shortestMask is the length, in bytes, from which a line of a secret is masked.
const shortestMask = 6

// carryOut does the steps in order, with heartbeats from the claim on.
func (j *run) carryOut(ctx context.Context, picked []steps.Step, all bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := j.App.Heartbeats(ctx, cancel)
	err := j.doSteps(ctx, picked)
	stop()
	if err == nil {
		return j.close(all || picked[len(picked)-1].Name() == (steps.Ready{}).Name())
	}
	return j.failed(ctx, err, picked)
}

func (j *run) doSteps(ctx context.Context, picked []steps.Step) error {
	for _, step := range picked {
		if before := j.Record.Now(); before.Outcome.Idle() && step.Name() != (steps.Claim{}).Name() {
			j.Console.Say("%s: skipped: %s", step.Name(), before.Why)
			return nil
		}
		result, err := j.doStep(ctx, step)
		if err != nil {
			return failure.Of(err, step.Name())
		}
		if result.Idle != "" {
			return j.Record.Change(func(s *state.State) { s.Outcome, s.Why = result.Idle, result.Note })
		}
	}
	return nil
}

// doStep does one step and records how long it took.
func (j *run) doStep(ctx context.Context, step steps.Step) (steps.Result, error) {
	if err := ctx.Err(); err != nil {
		return steps.Result{}, j.cause(ctx)
	}
	j.Console.Does(step.Name())
	began := time.Now()
	endGroup := j.GitHub.Group(step.Name())
	result, err := step.Do(ctx)
	if err != nil && ctx.Err() != nil {
		err = j.cause(ctx)
	}
	endGroup()
	took := state.StepTime{Name: step.Name(), StartedAt: began.UTC(), Seconds: time.Since(began).Seconds(), Result: "ok", Note: result.Note}
	switch {
	case err != nil:
		took.Result, took.Note = "failed", err.Error()
		j.Console.Say("%s: failed: %v", step.Name(), err)
	case result.Skipped != "":
		took.Result, took.Note = "skipped", result.Skipped
		j.Console.Say("%s: skipped: %s", step.Name(), result.Skipped)
	default:
		j.Console.Say("%s: done in %.1f s%s", step.Name(), took.Seconds, suffix(result.Note))
	}
	took.Note = text.ShortenBytes(workflow.Line(j.Console.Hide(took.Note)), 500)
	return result, errors.Join(err, j.Record.Change(func(s *state.State) { s.Steps = append(s.Steps, took) }))
}

func suffix(note string) string {
	if note == "" {
		return ""
	}
	return ": " + note
}

// cause says why the run's context ended.
func (j *run) cause(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, failure.ErrTakenAway) {
		return cause
	}
	return fmt.Errorf("%w (%w)", failure.ErrStopped, cause)
}

func (j *run) printResult() error {
	document, err := json.MarshalIndent(summary.Of(j.Record.Now(), j.options.PublicURL, j.Console.Hide), "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	// Names of files may look like workflow commands: to JSON this is the same text.
	document = bytes.ReplaceAll(document, []byte(workflow.OldCommand), []byte(`#\u0023[`))
	_, err = fmt.Fprintf(j.result, "%s\n", document)
	return err
}
