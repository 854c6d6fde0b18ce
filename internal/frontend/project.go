// Package frontend finds out from a repository's files how its site is built: the package
// manager, the versions of Node, Ruby and Hugo, the generator, the command, and the
// folder that it makes. It reads the project's own configuration and runs none of it.
package frontend

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Project is how a site is built.
type Project struct {
	// Generator is the name of the site generator, such as "Hugo". It is "Plain HTML" for
	// a site that is not built, and "npm script" for a build with an unknown generator.
	Generator string `json:"generator"`
	// GeneratorVersion is the version of Hugo that the project pins; "" if it pins none.
	// Lockfiles pin the generators that npm and Bundler install.
	GeneratorVersion string `json:"generator_version,omitempty"`
	// PackageManager is npm, pnpm, yarn, yarn-berry or bun; "" when there is no package.json.
	PackageManager string `json:"package_manager,omitempty"`
	// Tool is the package manager to install first by npm install --global, such as
	// pnpm@9.1.0; "" if Node comes with it.
	Tool string `json:"tool,omitempty"`
	// Node and Ruby are versions or ranges; "" if they are not needed. Node is "lts/*" if
	// it is needed and no version is named.
	Node string `json:"node,omitempty"`
	Ruby string `json:"ruby,omitempty"`
	// Hugo says that Hugo must be installed, since no package brings it; Go that Hugo's
	// modules need Go.
	Hugo bool `json:"hugo,omitempty"`
	Go   bool `json:"go,omitempty"`
	// Submodules says that the repository has submodules.
	Submodules bool `json:"submodules,omitempty"`
	// Install and Build are command lines for the frontend's folder; "" for none.
	Install string `json:"install,omitempty"`
	Build   string `json:"build,omitempty"`
	// Output is the folder with the built site, with slashes, from the frontend's
	// folder; "." for that itself.
	Output string `json:"output"`
	// Why lists the evidence for the result, one line each.
	Why []string `json:"why"`
}

// The values of Generator for sites without a known generator.
const (
	PlainHTML = "Plain HTML"
	Script    = "npm script"
)

var (
	// ErrNothing says that no file shows how the site is built.
	ErrNothing = errors.New("nothing here says how the site is built")
	// ErrSeveral says that files contradict each other.
	ErrSeveral = errors.New("two things here say how the site is built")
	// ErrUnclear says that the files are not enough to tell, or are invalid.
	ErrUnclear = errors.New("how the site is built is not clear")
)

// setThem is the advice for all cases that the files don't settle.
const setThem = "set the build command and the output folder (in the shipped workflow: the variables PRESSRUN_BUILD and PRESSRUN_OUTPUT)"

// several makes an ErrSeveral, and unclear an ErrUnclear, of a finding and of advice.
func several(found, do string) error { return fmt.Errorf("%w: %s: %s", ErrSeveral, found, do) }

func unclear(found, do string) error { return fmt.Errorf("%w: %s: %s", ErrUnclear, found, do) }

// Detect finds out how the site in a folder is built. An error wraps ErrNothing,
// ErrSeveral or ErrUnclear, or is an error of reading; it says what to do.
func Detect(folder fs.FS) (Project, error) {
	t := &tree{folder: folder}
	p, err := t.detect()
	if t.err != nil { // the unread file might have changed the result
		return Project{}, t.err
	}
	if err != nil {
		return Project{}, err
	}
	return p, nil
}

func (t *tree) detect() (Project, error) {
	pkg, err := t.packageJSON()
	if err != nil {
		return Project{}, err
	}
	t.pkg = pkg
	p := &Project{Submodules: t.has(".gitmodules")}
	if p.Submodules {
		p.because(".gitmodules: the repository has submodules")
	}
	found, err := t.generator(p)
	if err != nil {
		return *p, err
	}
	if found == nil {
		return withoutGenerator(t, p)
	}
	return *p, t.generated(p, found)
}

// generated sets the commands and the output of a known generator.
func (t *tree) generated(p *Project, g *generator) error {
	p.Generator = g.name
	if err := t.runtimes(p, g); err != nil {
		return err
	}
	var err error
	if p.Build, err = t.buildCommand(p, g); err != nil {
		return err
	}
	out, err := g.output(t)
	if err != nil {
		return err
	}
	if out.path, err = clean(out.path, out.from); err != nil {
		return err
	}
	p.Output = out.path
	p.because("%s: the site is built into %s", out.from, p.Output)
	return t.notSource(p, g)
}

// withoutGenerator handles a build by an unknown script, and a site that is not built at all.
func withoutGenerator(t *tree, p *Project) (Project, error) {
	if t.pkg != nil && t.pkg.Scripts["build"] != "" {
		return *p, unclear("package.json has a script \"build\", which calls no generator that is known here, so the folder that it makes is not known", "name that folder (in the shipped workflow: the variables PRESSRUN_BUILD, PRESSRUN_INSTALL and PRESSRUN_OUTPUT)")
	}
	p.Generator = PlainHTML
	var with []string
	for _, folder := range plainFolders {
		if t.has(path.Join(folder, "index.html")) {
			with = append(with, folder)
		}
	}
	switch {
	case len(with) == 0:
		return *p, fmt.Errorf("%w: no generator's configuration, no package.json with a script \"build\", no index.html: %s", ErrNothing, setThem)
	case with[0] == ".":
	case len(with) > 1:
		return *p, several(strings.Join(with, " and ")+" have an index.html each", "name the folder to publish (in the shipped workflow: the variable PRESSRUN_OUTPUT)")
	}
	p.Output = with[0]
	p.because("%s: the pages are there as they are", path.Join(p.Output, "index.html"))
	return *p, nil
}

// plainFolders are the usual folders of pages that are not built; the first contains the others.
var plainFolders = []string{".", "public", "site", "www", "html", "htdocs", "docs", "dist", "_site"}

func (p *Project) because(format string, args ...any) {
	p.Why = append(p.Why, fmt.Sprintf(format, args...))
}

// clean is a folder as a path with slashes, relative to the project's.
func clean(folder, from string) (string, error) {
	given := folder
	folder = path.Clean(strings.ReplaceAll(folder, `\`, "/"))
	if given == "" || len(given) > 500 || !fs.ValidPath(folder) || strings.ContainsFunc(given, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", unclear(fmt.Sprintf("%s has the output folder %.80q, which is not below the frontend's own", from, given), "name the output folder (in the shipped workflow: the variable PRESSRUN_OUTPUT)")
	}
	return folder, nil
}

// notSource refuses an output that is the folder of the site's static files: these would
// be published without the pages.
func (t *tree) notSource(p *Project, g *generator) error {
	if g.source == nil {
		return nil
	}
	source, err := g.source(t)
	if err != nil {
		return err
	}
	if source != "" && path.Clean(source) == p.Output {
		return unclear(fmt.Sprintf("%s builds into %s, which is also where it takes the site's static files from", g.name, p.Output), "let it build into a folder of its own")
	}
	return nil
}
