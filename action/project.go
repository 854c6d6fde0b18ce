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

// defaultOutput is where a build is looked for when nothing says where it is.
const defaultOutput = "public"

// seeProject fills in what the settings leave open about the build, from the frontend's
// own files. What nobody said and nothing shows it gives back as words, for a whole
// run to tell the app; a step alone fails with them.
func (j *run) seeProject(name string, env shell.Environment) (unknown string, err error) {
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
		j.fillIn(p)
	}
	return "", nil
}

// builds says whether a step has to know how the site is built.
func builds(name string) bool {
	return name == "all" || name == (steps.Install{}).Name() || name == (steps.Build{}).Name()
}

// withoutProject keeps what the settings say, and refuses a build by nothing.
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

// fillIn takes the commands of a project where no build is set. One that is built
// already, by an earlier step of the workflow, is not built again.
func (j *run) fillIn(p frontend.Project) {
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

// Run sets the outputs. What can't be seen is no failure yet: the step that builds
// fails with the same words, and the app learns of them.
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
