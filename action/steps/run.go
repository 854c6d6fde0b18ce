package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/report"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Run has the parts that all steps of a run share.
type Run struct {
	Record  *state.File
	Console *console.Console
	GitHub  *workflow.Workflow
	App     *report.App // nil when there is none
}

// nothingBuilt says why a run that rolls back skips a step; "" for a run that builds.
func (r *Run) nothingBuilt() string {
	if to := r.Record.Now().RollbackTo; to != 0 {
		return fmt.Sprintf("release #%d is put back: nothing is built", to)
	}
	return ""
}

// letPass are the guards that are let pass: those of the settings, and those that an operator
// lets pass in this release alone.
func (r *Run) letPass(configured []string) []string {
	if a := r.Record.Now().Allowed; a != nil {
		return append(slices.Clone(configured), a.Guards...)
	}
	return configured
}

// allowedFor names the operator who let a guard pass in this release, "" for a guard of the
// settings.
func (r *Run) allowedFor(guard string) string {
	a := r.Record.Now().Allowed
	if a == nil || !slices.Contains(a.Guards, guard) {
		return ""
	}
	return fmt.Sprintf(" (%s, allowed once by %s)", guard, a.By)
}

// allowedWords say which guards are let pass in one release, by whom and why.
func allowedWords(a *api.Allowed) string {
	return fmt.Sprintf("let pass this once, allowed by %s: %s (%s)", a.By, strings.Join(a.Guards, ", "), a.Why)
}

// isLive notes that the site is live: from here on nothing fails the run.
func (r *Run) isLive() error { return r.Record.Change(func(s *state.State) { s.Live = true }) }

// keepCDN records the state of the CDN, and warns if it is pending.
func (r *Run) keepCDN(edge api.Edge) {
	edge.Why = text.ShortenBytes(r.Console.Hide(workflow.Line(edge.Why)), 1000)
	if err := r.Record.Change(func(s *state.State) { s.Edge = &edge }); err != nil {
		r.Console.Say("the state of the CDN could not be stored: %v", err)
	}
	if edge.State == api.EdgePending {
		r.GitHub.Warning("live at the origin, edge pending: " + edge.Why)
		r.Console.Say("live at the origin, edge pending: %s", edge.Why)
	}
}

// tellLive reports a state once the site is live: with tries for long, and without failing
// the run. If it can't, the app learns the state from the runner at the run's end.
func (r *Run) tellLive(ctx context.Context, to release.State, limit time.Duration) (Result, error) {
	_, err := r.App.Report(ctx, to, "", limit)
	if err == nil {
		return Result{}, nil
	}
	r.GitHub.Warning("the site is live, but the app could not be told \"" + string(to) + "\": " + err.Error())
	return Result{Note: "the site is live, but the app could not be told: " + err.Error()},
		r.Record.Change(func(s *state.State) { s.Pending = append(s.Pending, string(to)) })
}

// reportRefused is the failure of a run whose report the app did not take.
func reportRefused(err error, to release.State) error {
	if err == nil || failure.IsUsage(err) {
		return err
	}
	fail := failure.Of(err, "")
	if fail.Code != failure.ExitFailed {
		return err
	}
	return &failure.Error{Why: "the app did not take the report \"" + string(to) + "\": " + err.Error(), Fault: release.FaultPressrun, Code: failure.ExitFailed, Err: err}
}
