package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/release"
)

// BuiltSite is the built site and its destination, which check and deploy share.
type BuiltSite struct {
	*Run
	options.OutputFlags
	options.CheckFlags
	options.DeployFlags

	Dir       string // the frontend's folder
	PublicURL string // the site's public address; "" when it is not known
}

// output is the folder with the built site.
func (r BuiltSite) output() (string, error) {
	output := r.Output
	if output == "" {
		return "", failure.Usage("--output: name the folder that the build makes")
	}
	if !filepath.IsAbs(output) {
		output = filepath.Join(r.Dir, output)
	}
	info, err := os.Stat(output)
	if err == nil && !info.IsDir() {
		err = errors.New("it is a file")
	}
	if err != nil {
		return "", &failure.Error{Why: fmt.Sprintf("the build made no folder %s: %v", r.Output, err), Fault: release.FaultBuild, Code: failure.ExitRefused, Err: err}
	}
	if inside(output, r.Record.Path()) {
		return "", failure.Usage("--state-file: %s lies in the built site and would be published: name another place", r.Record.Path())
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

func (r BuiltSite) destination(ctx context.Context) (store.Destination, error) {
	dest, err := destination.Open(ctx, r.To, destination.Options{
		Endpoint: r.Endpoint, Region: r.Region, State: r.State,
		Waiting: func(w s3.Waiting) { r.Console.Say("%s", w) },
	})
	if err != nil {
		return dest, failure.Usage("--to: %v", err)
	}
	return dest, nil
}

// readRules reads the rules of headers and compression.
func (r BuiltSite) readRules() (rules.Rules, error) {
	read, err := engine.ReadRules(r.rulesFile())
	if err != nil {
		return read, failure.Usage("--rules: %v", err)
	}
	return read, nil
}

func (r BuiltSite) rulesFile() string {
	if r.Rules == "" || filepath.IsAbs(r.Rules) {
		return r.Rules
	}
	return filepath.Join(r.Dir, r.Rules)
}

// CheckRules refuses wrong rules before anything is built. A file that is not
// there yet may be one that the build makes.
func CheckRules(o options.Options) error {
	site := BuiltSite{Dir: o.Dir, DeployFlags: o.DeployFlags}
	_, err := site.readRules()
	if _, gone := os.Stat(site.rulesFile()); errors.Is(gone, fs.ErrNotExist) {
		return nil
	}
	return err
}

// plan and build are used by check and deploy, so that both come to the same verdict.
func (r BuiltSite) plan(dest store.Destination) publish.Plan {
	return publish.Plan{Site: r.Record.Now().Site, Destination: dest, PublicURL: r.PublicURL, Allow: r.letPass(r.Allow)}
}

func (r BuiltSite) build(output string) (publish.Build, error) {
	b := publish.Build{Dir: output, Release: r.Record.Now().Release}
	var err error
	if b.Rules, err = r.readRules(); err != nil {
		return b, err
	}
	if r.MaxVanished != nil {
		b.Limits.MaxVanishedShare = *r.MaxVanished
	}
	b.Limits.NoIndex = r.Index != "" && r.Index != "index.html"
	return b, nil
}
