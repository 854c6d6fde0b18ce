package action

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/action/steps"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/frontend"
)

// defaultOutput is the folder of the build when no setting names it.
const defaultOutput = "public"

// detectProject fills in the settings of the build that are not given, from the frontend's
// files. If it can't, a whole run gets the reason as unknown, to report it to the app after
// the claim; a step that runs alone fails with it.
func (j *run) detectProject(name string, env shell.Environment) (unknown string, err error) {
	o := &j.options
	asked := o.Output == "" && o.Bake == "" && (o.Detect == "yes" || o.Detect == "auto" && env.Get("GITHUB_ACTIONS") == "true")
	if !asked || o.RollbackTo != 0 {
		return "", j.withoutProject(name, nil)
	}
	built := exists(filepath.Join(o.Dir, defaultOutput))
	p, err := frontend.Detect(os.DirFS(o.Dir))
	switch {
	case err != nil && (o.Build != "" || built || !builds(name)):
		return "", j.withoutProject(name, nil)
	case err != nil && name == "all":
		o.Output = defaultOutput
		return err.Error(), nil
	case err != nil:
		return "", j.withoutProject(name, err)
	}
	o.Output = filepath.FromSlash(p.Output)
	if builds(name) {
		j.useProject(p)
	}
	return "", nil
}

// builds says whether a step needs the commands of the build.
func builds(name string) bool {
	return name == "all" || name == (steps.Install{}).Name() || name == (steps.Build{}).Name()
}

// withoutProject goes by the settings alone, and refuses a build without a command.
func (j *run) withoutProject(name string, seen error) error {
	if j.options.Output == "" {
		j.options.Output = defaultOutput
	}
	if name != (steps.Build{}).Name() || j.options.Build != "" || j.options.Bake != "" || j.options.RollbackTo != 0 {
		return nil
	}
	if seen != nil {
		return failure.Usage("--build: %v", seen)
	}
	return failure.Usage("--build: name the command that builds the site")
}

// useProject takes the commands of the project if no build is set. If an earlier step of the
// workflow has built it, it is not built again.
func (j *run) useProject(p frontend.Project) {
	o := &j.options
	for _, why := range p.Why {
		j.Console.Say("seen: %s", why)
	}
	switch {
	case o.Build != "":
	case p.Build != "" && exists(filepath.Join(o.Dir, o.Output)):
		j.Console.Say("%s is there already: it is published as it is, and nothing is built", p.Output)
	default:
		o.Build = p.Build
		if o.Install == "" {
			o.Install = p.Install
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

type detectCmd struct {
	Dir string `help:"The frontend's folder." default:"."`
}

// Run sets the outputs. A project that can't be detected is no failure yet: the step that
// builds fails with the same message, and reports it to the app.
func (c *detectCmd) Run(_ context.Context, std console.Streams) error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return failure.Usage("--dir: there is no folder %s", c.Dir)
	}
	env := shell.NewEnvironment(os.Environ())
	con := console.New(std, false)
	w := workflow.New(env.Get, con.Out)
	p, err := frontend.Detect(os.DirFS(c.Dir))
	if err != nil {
		for _, none := range []error{frontend.ErrNothing, frontend.ErrSeveral, frontend.ErrUnclear} {
			if errors.Is(err, none) {
				con.Say("%v", err)
				w.Warning(err.Error())
				return nil
			}
		}
		return err
	}
	for _, why := range p.Why {
		con.Say("seen: %s", why)
	}
	for name, value := range map[string]string{
		"generator": p.Generator, "hugo-version": p.GeneratorVersion, "package-manager": p.PackageManager, "tool": p.Tool, "node-version": p.Node,
		"ruby-version": p.Ruby, "needs-go": strconv.FormatBool(p.Go), "needs-hugo": strconv.FormatBool(p.Hugo),
		"install": p.Install, "build": p.Build, "output": p.Output,
	} {
		w.Output(name, value)
	}
	return nil
}
