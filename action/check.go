package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/release"
)

// check stops a built site that must not be published: an empty folder, no
// index page, pages without a byte, too many pages gone since the live
// release. With no destination it judges the build by itself.
type check struct{}

func (check) Name() string { return "check" }

func (check) Do(ctx context.Context, j *job) (Result, error) {
	j.does("checking the built site")
	output, err := j.output()
	if err != nil {
		return Result{}, err
	}
	built, err := count(output)
	if err != nil {
		return Result{}, fmt.Errorf("look through the built site: %w", err)
	}
	if err := j.change(func(s *State) { s.Built = &built }); err != nil {
		return Result{}, err
	}
	var dest store.Destination
	if j.opts.To != "" {
		if dest, err = j.destination(ctx); err != nil {
			return Result{}, err
		}
	}
	site, err := j.builtSite(output)
	if err != nil {
		return Result{}, err
	}
	violations, err := publish.Check(ctx, j.plan(dest), site)
	if err != nil {
		return Result{}, &FailError{Why: fmt.Sprintf("the built site could not be compared with the live one: %v", err), Fault: release.FaultPlatform, Code: ExitFailed, Err: err}
	}
	if err := j.stop(append(violations, j.missingIndex(output)...)); err != nil {
		return Result{}, err
	}
	note := fmt.Sprintf("%s, %s, %s", counted(built.Pages, "page"), counted(built.Files, "file"), size(built.Bytes))
	for _, v := range violations {
		note += "; let pass: " + v.Detail
	}
	return done(note)
}

// count tells how much was built, without reading it.
func count(output string) (Built, error) {
	var b Built
	err := filepath.WalkDir(output, func(path string, entry fs.DirEntry, err error) error {
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

// output is the folder with the built site.
func (j *job) output() (string, error) {
	output := j.opts.Output
	if output == "" {
		return "", usage("--output: name the folder that the build makes")
	}
	if !filepath.IsAbs(output) {
		output = filepath.Join(j.opts.Dir, output)
	}
	info, err := os.Stat(output)
	if err == nil && !info.IsDir() {
		err = errors.New("it is a file")
	}
	if err != nil {
		return "", &FailError{Why: fmt.Sprintf("the build made no folder %s: %v", j.opts.Output, err), Fault: release.FaultBuild, Code: ExitRefused, Err: err}
	}
	if inside(output, j.statePath) {
		return "", usage("--state-file: %s lies in the built site and would be published: name another place", j.statePath)
	}
	return output, nil
}

// inside says whether a file lies in a folder.
func inside(folder, file string) bool {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(folder, file)
	return err == nil && filepath.IsLocal(rel)
}

func (j *job) destination(ctx context.Context) (store.Destination, error) {
	dest, err := destination.Open(ctx, j.opts.To, destination.Options{
		Endpoint: j.opts.Endpoint, Region: j.opts.Region, State: j.opts.State,
		Waiting: func(w s3.Waiting) { j.say("%s", w) },
	})
	if err != nil {
		return dest, usage("--to: %v", err)
	}
	return dest, nil
}

// rules are those of headers and compression.
func (j *job) rules() (rules.Rules, error) {
	rules, err := engine.ReadRules(j.rulesFile())
	if err != nil {
		return rules, usage("--rules: %v", err)
	}
	return rules, nil
}

func (j *job) rulesFile() string {
	if j.opts.Rules == "" || filepath.IsAbs(j.opts.Rules) {
		return j.opts.Rules
	}
	return filepath.Join(j.opts.Dir, j.opts.Rules)
}

// checkRules refuses wrong rules before anything is built. A file that is not
// there yet may be one that the build makes.
func (j *job) checkRules() error {
	_, err := j.rules()
	if _, gone := os.Stat(j.rulesFile()); errors.Is(gone, fs.ErrNotExist) {
		return nil
	}
	return err
}

// plan and builtSite are what check and deploy share, so that both come to the
// same verdict.
func (j *job) plan(dest store.Destination) publish.Plan {
	return publish.Plan{Site: j.now().Site, Destination: dest, Allow: j.opts.Allow}
}

func (j *job) builtSite(output string) (publish.Build, error) {
	b := publish.Build{Dir: output, Release: j.now().Release}
	var err error
	if b.Rules, err = j.rules(); err != nil {
		return b, err
	}
	if j.opts.MaxVanished != nil {
		b.Limits.MaxVanishedShare = *j.opts.MaxVanished
	}
	b.Limits.NoIndex = j.opts.Index != "" && j.opts.Index != "index.html"
	return b, nil
}

// missingIndex looks for an index page of another name than index.html.
func (j *job) missingIndex(output string) []guard.Violation {
	switch j.opts.Index {
	case "", "index.html", "none":
		return nil
	}
	info, err := os.Stat(filepath.Join(output, filepath.FromSlash(j.opts.Index)))
	if err == nil && info.Mode().IsRegular() {
		return nil
	}
	return []guard.Violation{{Name: guard.MissingIndex, Detail: "the build has no " + j.opts.Index}}
}

// stop refuses what the checks found and nobody let pass.
func (j *job) stop(violations []guard.Violation) error {
	err := guard.Stop(violations, j.opts.Allow)
	guard, ok := errors.AsType[*guard.Error](err)
	if !ok {
		return err
	}
	return refused(guard)
}

// contentGuards are those that a person can trip in the CMS; all others speak
// of the build.
var contentGuards = []string{guard.VanishedPages, guard.BrokenLinks, guard.ShrunkPages}

func refused(guard *guard.Error) error {
	fault := release.FaultContent
	for _, name := range guard.Names() {
		if !slices.Contains(contentGuards, name) {
			fault = release.FaultBuild
		}
	}
	return &FailError{Why: guard.Error(), Fault: fault, Code: ExitRefused, Err: guard}
}

// size says a number of bytes as people do.
func size(bytes int64) string {
	const k = 1000
	switch {
	case bytes < k:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < k*k:
		return fmt.Sprintf("%.1f kB", float64(bytes)/k)
	case bytes < k*k*k:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(k*k))
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/(k*k*k))
}
