package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/job"
	"github.com/pressrun/pressrun/internal/content/source"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Export copies the content of the site's CMS into a folder, which the build finds by
// PRESSRUN_CONTENT.
type Export struct {
	*Run
	options.ExportFlags

	Dir         string            // the frontend's folder
	Environment shell.Environment // has the credential, when no file has it
	SiteDigest  SiteDigest
}

// CheckExport checks the settings of an export, before anything is done.
func CheckExport(o options.Options) error {
	if o.Export == "" || o.RollbackTo != 0 {
		return nil
	}
	for _, name := range o.ExportAllow {
		if !slices.Contains(export.Guards(), name) {
			return failure.Usage("--export-allow: %q is no guard: expected one of %s", name, strings.Join(export.Guards(), ", "))
		}
	}
	if _, err := (Export{ExportFlags: o.ExportFlags, Dir: o.Dir}).settings(); err != nil {
		return failure.Usage("--export: %v", err)
	}
	return nil
}

// Name implements Step.
func (Export) Name() string { return "export" }

// Do implements Step.
func (r Export) Do(ctx context.Context) (Result, error) {
	if why := r.nothingBuilt(); why != "" {
		return skipped(why)
	}
	if r.Export == "" {
		return skipped("no --export is set")
	}
	r.Console.Does("copying the content")
	if r.ExportTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.ExportTimeout)
		defer cancel()
	}
	done, err := r.export(ctx)
	if err != nil {
		return Result{}, r.failed(err)
	}
	kept := &state.Content{
		Folder: done.Folder, Snapshot: done.Snapshot, Digest: done.Digest, Watermark: done.Watermark, Consistency: done.Consistency,
		Records: done.Records, Added: done.Added, Changed: done.Changed, Removed: done.Removed, Unchanged: done.Unchanged,
	}
	if err := r.Record.Change(func(s *state.State) { s.Content = kept }); err != nil {
		return Result{}, err
	}
	in := api.ContentInput{Consistency: release.Consistency(kept.Consistency)}
	if !done.OwnClock {
		in.Watermark = &kept.Watermark
	}
	result, err := r.SiteDigest.report(ctx, kept.Digest, true, in)
	if result.Note == "" {
		result.Note = inNote(kept)
	}
	return result, err
}

// export makes the copy.
func (r Export) export(ctx context.Context) (export.Report, error) {
	s, err := r.settings()
	if err != nil {
		return export.Report{}, failure.Usage("--export: %v", err)
	}
	secret, err := job.Secret(s, r.ExportTokenFile, r.Environment.Get(job.SecretVariable))
	if err != nil {
		return export.Report{}, failure.Usage("--export-token-file: %v", err)
	}
	r.GitHub.Mask(secret)
	r.Console.Conceal(secret)
	hints, err := r.hints()
	if err != nil {
		return export.Report{}, err
	}
	dir, err := filepath.Abs(r.at(r.ExportTo))
	if err != nil {
		return export.Report{}, fmt.Errorf("find the folder of the copy: %w", err)
	}
	kind, client, err := job.Client(s, job.ClientOptions{Secret: secret, Agent: "pressrun-action", Now: time.Now})
	if err != nil {
		return export.Report{}, failure.Usage("--export: %v", err)
	}
	defer client.Close()
	plan, err := job.Plan(ctx, kind, client, s, dir, time.Now)
	if err != nil {
		return export.Report{}, err
	}
	plan.Hints, plan.Allow, plan.Tell = hints, r.ExportAllow, r.tell()
	return export.Run(ctx, plan)
}

func (r Export) settings() (source.Settings, error) {
	address := r.Export
	if job.IsFile(address) {
		address = r.at(address)
	}
	s, err := job.Settings(address, r.ExportKind, "--export-kind")
	if len(r.ExportTypes) > 0 {
		s.Types = r.ExportTypes
	}
	return s, err
}

// at resolves a path from the frontend's folder.
func (r Export) at(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.Dir, path)
}

// hints are the records that the served requests name. A step that runs alone has no
// requests.
func (r Export) hints() ([]export.Hint, error) {
	hints, err := job.Hints(r.requestsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return hints, err
}

// failed describes the failure of an export to an editor.
func (r Export) failed(err error) error {
	guarded, isGuarded := errors.AsType[*export.GuardError](err)
	fail := &failure.Error{Fault: release.FaultPlatform, Code: failure.ExitFailed, Err: err}
	switch {
	case failure.IsUsage(err), errors.Is(err, context.Canceled):
		return err
	case isGuarded:
		fail.Why = fmt.Sprintf("the content was not copied: %s. If that is right, --export-allow %s (or pressrun export --allow %s into the same folder) lets it pass once", guarded.Why, guarded.Guard, guarded.Guard)
		fail.Fault, fail.Code = release.FaultContent, failure.ExitRefused
	case errors.Is(err, export.ErrEndless), errors.Is(err, content.ErrNotAList):
		fail.Why, fail.Code = fmt.Sprintf("the content was not copied: %v", err), failure.ExitRefused
	case errors.Is(err, context.DeadlineExceeded):
		fail.Why = fmt.Sprintf("copying the content took longer than %s; the next export into the same folder goes on where it was", text.Span(r.ExportTimeout))
	default:
		fail.Why = fmt.Sprintf("the content was not copied: %v", err)
	}
	return fail
}

// inNote sums up the copy for the step's note.
func inNote(c *state.Content) string {
	what := fmt.Sprintf("%d added, %d changed, %d removed", c.Added, c.Changed, c.Removed)
	if c.Unchanged {
		what = "nothing has changed"
	}
	return fmt.Sprintf("%s: %s; as of %s, %s", text.Count(c.Records, "record"), what, c.Watermark.UTC().Format(time.RFC3339), c.Consistency)
}

// tell reports from time to time how far the export is.
func (r Export) tell() func(export.Progress) {
	return export.Throttle(time.Now, 30*time.Second, func(p export.Progress) {
		r.Console.Say("export: %s", p)
		r.Console.Does("copying the content: " + p.String())
	})
}
