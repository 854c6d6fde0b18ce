package steps

import (
	"context"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/summary"
	"github.com/pressrun/pressrun/internal/publish"
)

// Step is a part of a run.
type Step interface {
	// Name is the step's name on the command line.
	Name() string
	// Do carries the step out.
	Do(ctx context.Context) (Result, error)
}

// Result is the result of a step that did not fail. The zero Result is plain success.
type Result struct {
	// Skipped says why there was nothing to do.
	Skipped string
	// Note sums up what was done.
	Note string
	// Idle ends the run here, without a failure: it has nothing to do.
	Idle state.Outcome
}

func skipped(why string) (Result, error) { return Result{Skipped: why}, nil }

func done(note string) (Result, error) { return Result{Note: note}, nil }

// All are all steps in the order of a run.
func All(s Setup) []Step {
	o := s.Options
	command := siteCommand{Run: s.Run, Shell: s.Shell, DeployEnv: o.Environment}
	built := BuiltSite{Run: s.Run, Dir: o.Dir, PublicURL: o.PublicURL, OutputFlags: o.OutputFlags, CheckFlags: o.CheckFlags, DeployFlags: o.DeployFlags}
	digest := siteDigestOf(s)
	return []Step{
		Claim{Run: s.Run, RunFlags: o.RunFlags, TurnFlags: o.TurnFlags, CannotPublish: s.cannotPublish(), CannotBuild: s.CannotBuild},
		WaitReady{Run: s.Run, TurnFlags: o.TurnFlags},
		Starting{Run: s.Run, AppLimit: o.AppLimit},
		Install{siteCommand: command, InstallFlags: o.InstallFlags},
		InProgress{Run: s.Run, AppLimit: o.AppLimit},
		Export{Run: s.Run, ExportFlags: o.ExportFlags, Dir: o.Dir, Environment: s.Shell.Environment, SiteDigest: digest},
		Build{siteCommand: command, SiteDigest: digest, BuildFlags: o.BuildFlags, OutputFlags: o.OutputFlags, Dir: o.Dir, PublicURL: o.PublicURL},
		Check{BuiltSite: built},
		Deploy{BuiltSite: built, CDN: s.CDN, Redirects: s.Redirects, SamplePages: o.VerifyPages, Environment: s.Shell.Environment},
		Verify{Run: s.Run, VerifyFlags: o.VerifyFlags, To: o.To},
		Complete{Run: s.Run, LiveLimit: o.LiveLimit},
		Metrics{Run: s.Run, Figures: s.Figures},
		Ready{Run: s.Run, LiveLimit: o.LiveLimit},
	}
}

// Setup has everything from which the steps of a run are made.
type Setup struct {
	Run     *Run
	Options options.Options
	Whole   bool // all steps are done, in one process
	// CannotBuild says why a whole run can't build the site; "" when it can.
	CannotBuild string
	Shell       shell.Shell
	CDN         *publish.CDN // nil for none
	Redirects   publish.Redirects
	Figures     summary.Figures
}

// cannotPublish says why a whole run can't publish; "" when it can.
func (s Setup) cannotPublish() string {
	switch {
	case !s.Whole:
	case s.Options.To == "":
		return "--to: name where the site goes, or the release could never be live"
	case s.Options.DryRun:
		return "--dry-run: a dry run carries no release out; leave --url away"
	}
	return ""
}

// Names are the names of the steps, in the order of a run.
func Names() []string {
	all := All(Setup{})
	names := make([]string, 0, len(all))
	for _, s := range all {
		names = append(names, s.Name())
	}
	return names
}

// Known is the name of a step by a name of the command line, which may have "-" for "_". Any
// name but a step's, "all" and "post" is an error.
func Known(name string) (string, error) {
	plain := strings.ReplaceAll(name, "-", "_")
	if plain != "all" && plain != (Post{}).Name() && !slices.Contains(Names(), plain) {
		return "", failure.Usage("there is no step %q: it is all, %s or post", name, strings.Join(Names(), ", "))
	}
	return plain, nil
}

// Pick gives the steps of a known name.
func Pick(s Setup, name string) []Step {
	all := All(s)
	if name == "all" {
		return all
	}
	post := Post{Run: s.Run, VerifyFlags: s.Options.VerifyFlags, LiveLimit: s.Options.LiveLimit}
	for _, step := range append(all, post) {
		if step.Name() == name {
			return []Step{step}
		}
	}
	return nil
}
