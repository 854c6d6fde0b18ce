// Package frontend sees from a repository's files how its site is built: the package
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
	// Generator is what makes the pages, as its makers write it: "Hugo". It is
	// "Plain HTML" for a site that is not built, and "npm script" for one whose
	// build says nothing that is known here.
	Generator string `json:"generator"`
	// GeneratorVersion is the version that the project pins, of Hugo alone: what
	// npm and Bundler install is pinned by their lockfiles. "" when it pins none.
	GeneratorVersion string `json:"generator_version,omitempty"`
	// PackageManager is npm, pnpm, yarn, yarn-berry or bun; "" when there is no package.json.
	PackageManager string `json:"package_manager,omitempty"`
	// Tool is what npm install --global has to install first, such as pnpm@9.1.0;
	// "" when Node brings the package manager.
	Tool string `json:"tool,omitempty"`
	// Node and Ruby are versions or ranges of them; "" when they are not needed.
	// Node is "lts/*" when it is needed and no version is named.
	Node string `json:"node,omitempty"`
	Ruby string `json:"ruby,omitempty"`
	// Hugo says that Hugo has to be there before, as no package brings it; Go that
	// it needs Go, for its modules.
	Hugo bool `json:"hugo,omitempty"`
	Go   bool `json:"go,omitempty"`
	// Submodules says that the repository has some.
	Submodules bool `json:"submodules,omitempty"`
	// Install and Build are command lines for the frontend's folder; "" for none.
	Install string `json:"install,omitempty"`
	Build   string `json:"build,omitempty"`
	// Output is the folder with the built site, with slashes, from the frontend's
	// folder; "." for that itself.
	Output string `json:"output"`
	// Why says, a line each, what was seen that tells so.
	Why []string `json:"why"`
}

// The generators that are none of their own.
const (
	PlainHTML = "Plain HTML"
	Script    = "npm script"
)

var (
	// ErrNothing tells that nothing says how the site is built.
	ErrNothing = errors.New("nothing here says how the site is built")
	// ErrSeveral tells that two things say it, and differently.
	ErrSeveral = errors.New("two things here say how the site is built")
	// ErrUnclear tells that what is found is not enough, or cannot be meant.
	ErrUnclear = errors.New("how the site is built is not clear")
)

// setThem is what helps whenever the files don't tell.
const setThem = "set the build command and the output folder (in the shipped workflow: the variables PRESSRUN_BUILD and PRESSRUN_OUTPUT)"

// several is an ErrSeveral, unclear an ErrUnclear: what was found, and what to do.
func several(found, do string) error { return fmt.Errorf("%w: %s: %s", ErrSeveral, found, do) }

func unclear(found, do string) error { return fmt.Errorf("%w: %s: %s", ErrUnclear, found, do) }

// Detect sees how the site in a folder is built. An error wraps ErrNothing,
// ErrSeveral or ErrUnclear, or is one of reading; it says what to do.
func Detect(folder fs.FS) (Project, error) {
	t := &tree{folder: folder}
	p, err := t.detect()
	if t.err != nil { // what could not be read may have decided otherwise
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

// generated fills in how a known generator builds the site.
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

// withoutGenerator is for a build by a script that says nothing that is known here,
// and for a site that is not built at all.
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

// plainFolders are where pages lie that are not built; the first has the others in it.
var plainFolders = []string{".", "public", "site", "www", "html", "htdocs", "docs", "dist", "_site"}

func (p *Project) because(format string, args ...any) {
	p.Why = append(p.Why, fmt.Sprintf(format, args...))
}

// clean is a folder of the project's as a path with slashes from the project's own.
func clean(folder, from string) (string, error) {
	given := folder
	folder = path.Clean(strings.ReplaceAll(folder, `\`, "/"))
	if given == "" || len(given) > 500 || !fs.ValidPath(folder) || strings.ContainsFunc(given, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", unclear(fmt.Sprintf("%s has the output folder %.80q, which is not below the frontend's own", from, given), "name the output folder (in the shipped workflow: the variable PRESSRUN_OUTPUT)")
	}
	return folder, nil
}

// notSource refuses an output that is a folder of the site's source: what lies there
// would be published without the pages.
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
