package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Check stops a built site that must not be published: an empty folder, no
// index page, pages without a byte, too many pages gone since the live
// release. With no destination it judges the build by itself.
type Check struct{ BuiltSite }

// Name implements Step.
func (Check) Name() string { return "check" }

// Do implements Step.
func (r Check) Do(ctx context.Context) (Result, error) {
	if why := r.nothingBuilt(); why != "" {
		return skipped(why)
	}
	r.Console.Does("checking the built site")
	output, err := r.output()
	if err != nil {
		return Result{}, err
	}
	built, err := count(output)
	if err != nil {
		return Result{}, fmt.Errorf("look through the built site: %w", err)
	}
	if err := r.Record.Change(func(s *state.State) { s.Built = &built }); err != nil {
		return Result{}, err
	}
	var dest store.Destination
	if r.To != "" {
		if dest, err = r.destination(ctx); err != nil {
			return Result{}, err
		}
	}
	site, err := r.build(output)
	if err != nil {
		return Result{}, err
	}
	violations, err := publish.Check(ctx, r.plan(dest), site)
	if err != nil {
		return Result{}, &failure.Error{Why: fmt.Sprintf("the built site could not be compared with the live one: %v", err), Fault: release.FaultPlatform, Code: failure.ExitFailed, Err: err}
	}
	if err := r.stop(append(violations, r.missingIndex(output)...)); err != nil {
		return Result{}, err
	}
	note := fmt.Sprintf("%s, %s, %s", text.Count(built.Pages, "page"), text.Count(built.Files, "file"), text.Bytes(built.Bytes))
	for _, v := range violations {
		note += "; let pass: " + v.Detail + r.allowedFor(v.Name)
	}
	return done(note)
}

// count tells how much was built, without reading it.
func count(output string) (state.Built, error) {
	var b state.Built
	output, err := filepath.EvalSymlinks(output) // WalkDir does not look behind one
	if err != nil {
		return b, err
	}
	err = filepath.WalkDir(output, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		b.Files++
		b.Bytes += info.Size()
		if rules.IsPage(filepath.ToSlash(path)) {
			b.Pages++
		}
		return nil
	})
	return b, err
}

// missingIndex looks for an index page of another name than index.html.
func (r Check) missingIndex(output string) []guard.Violation {
	switch r.Index {
	case "", "index.html", "none":
		return nil
	}
	info, err := os.Stat(filepath.Join(output, filepath.FromSlash(r.Index)))
	if err == nil && info.Mode().IsRegular() {
		return nil
	}
	return []guard.Violation{{Name: guard.MissingIndex, Detail: "the build has no " + r.Index}}
}

// stop refuses the violations that nobody let pass.
func (r Check) stop(violations []guard.Violation) error {
	err := guard.Stop(violations, r.letPass(r.Allow))
	guard, ok := errors.AsType[*guard.Error](err)
	if !ok {
		return err
	}
	return refused(guard)
}

// contentGuards are the guards that blame the content; all others blame the build.
var contentGuards = []string{guard.VanishedPages, guard.BrokenLinks, guard.ShrunkPages}

func refused(guard *guard.Error) error {
	fault := release.FaultContent
	for _, name := range guard.Names() {
		if !slices.Contains(contentGuards, name) {
			fault = release.FaultBuild
		}
	}
	return &failure.Error{Why: guard.Error(), Fault: fault, Guards: guard.Names(), Code: failure.ExitRefused, Err: guard}
}
