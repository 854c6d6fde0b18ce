package frontend

import (
	"fmt"
	"slices"
	"strings"
)

// generator is a static site generator, or what bundles a site as one does.
type generator struct {
	name string
	// programs are what a script calls, packages what a package.json depends on.
	programs, packages []string
	// bundled says that the program is another's too, and that it counts only where
	// one of the packages is depended on.
	bundled bool
	// configured is the file that shows that the project uses it; "" for none.
	configured func(t *tree) string
	// build is the command where no script of package.json has one.
	build string
	// scripts are the scripts that may build, besides "build"; builds says whether a
	// call does.
	scripts []string
	builds  func(call []string) bool
	// folder is what it is called for; nil where that is not said.
	folder func(t *tree) string
	// output is the folder that it makes.
	output func(t *tree) (place, error)
	// source is the folder of the site's static files, which is never the output;
	// nil where there is none such.
	source func(t *tree) (string, error)
	// runtime says what it needs besides Node; nil for nothing.
	runtime func(t *tree, p *Project) error
	// weak generators are parts of others too: they count where no other does.
	weak bool
}

// place is a folder, and what says so.
type place struct{ path, from string }

// generator finds the one that makes the site: by what the build's script calls, else
// by configuration, else by what package.json depends on. It is nil when none does.
func (t *tree) generator(p *Project) (*generator, error) {
	for _, seen := range []func(g *generator) string{t.called, func(g *generator) string { return g.configured(t) }, t.needed} {
		var found []*generator
		var by []string
		for _, g := range generators() {
			if why := seen(g); why != "" {
				found, by = append(found, g), append(by, why)
			}
		}
		if len(found) > 1 {
			if strong := slices.IndexFunc(found, func(g *generator) bool { return !g.weak }); strong >= 0 {
				found, by = withoutWeak(found, by)
			}
		}
		if len(found) > 1 {
			return nil, several(fmt.Sprintf("%s (%s) and %s (%s)", found[0].name, by[0], found[1].name, by[1]), "let the script \"build\" of package.json call the one that makes the site, or "+setThem)
		}
		if len(found) == 1 {
			p.because("%s: %s makes the site", by[0], found[0].name)
			return found[0], nil
		}
	}
	return nil, nil
}

func withoutWeak(found []*generator, by []string) (strong []*generator, why []string) {
	for i, g := range found {
		if !g.weak {
			strong, why = append(strong, g), append(why, by[i])
		}
	}
	return strong, why
}

// called says which script calls a generator.
func (t *tree) called(g *generator) string {
	if name, _ := t.script(g); name != "" {
		return fmt.Sprintf("package.json (script %q)", name)
	}
	return ""
}

// script is the script that calls a generator to build, with the words of the call;
// "" when none does.
func (t *tree) script(g *generator) (string, []string) {
	for _, name := range append(slices.Clone(g.scripts), "build") {
		for _, call := range t.calls(g, name) {
			if g.builds(call) {
				return name, call
			}
		}
	}
	return "", nil
}

// calls are the calls of a generator in a script.
func (t *tree) calls(g *generator, script string) [][]string {
	if t.pkg == nil || g.bundled && t.needed(g) == "" {
		return nil
	}
	var calls [][]string
	for _, words := range t.pkg.Scripts.commands(script) {
		if slices.Contains(g.programs, words[0]) {
			calls = append(calls, words)
		}
	}
	return calls
}

// needed says which package brings a generator.
func (t *tree) needed(g *generator) string {
	for _, name := range g.packages {
		if t.pkg.depends(name) != "" {
			return "package.json (" + name + ")"
		}
	}
	return ""
}

// buildCommand is the script that builds, else the script "build" unless it calls the
// generator for something else, else the generator's own command.
func (t *tree) buildCommand(p *Project, g *generator) (string, error) {
	m := named(p.PackageManager)
	name, _ := t.script(g)
	if name == "" && t.pkg != nil && t.pkg.Scripts["build"] != "" && len(t.calls(g, "build")) == 0 {
		name = "build" // it may call the generator in a way that is not seen here
	}
	command := g.build
	if g.folder != nil && g.folder(t) != "." {
		command += " " + g.folder(t)
	}
	switch {
	case name != "":
		p.because("package.json: the script %q builds", name)
		return m.run + name, nil
	case t.needed(g) != "":
		return m.exec + command, nil
	case g.runtime == nil:
		return "", unclear(fmt.Sprintf("nothing in package.json brings %s", g.name), fmt.Sprintf("add it (npm install --save-dev %s), and commit the lockfile", g.packages[0]))
	}
	return command, nil
}

// configuredBy looks for a configuration file by its names without ending, in what
// JavaScript and TypeScript are written in.
func configuredBy(stems ...string) func(t *tree) string {
	return func(t *tree) string { return t.module(stems...) }
}

// module is a file of JavaScript or TypeScript by its names without ending.
func (t *tree) module(stems ...string) string {
	for _, stem := range stems {
		for _, ending := range []string{".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"} {
			if t.has(stem + ending) {
				return stem + ending
			}
		}
	}
	return ""
}

// literal is a property that has to be known from the file, or a default.
func (t *tree) literal(file, otherwise string, keys ...string) (place, error) {
	if file == "" {
		return place{otherwise, "the default"}, nil
	}
	return known(file, property(t.read(file), keys...), otherwise, strings.Join(keys, "."))
}

func known(file string, found setting, otherwise, name string) (place, error) {
	switch {
	case found.text != "":
		return place{found.text, file}, nil
	case found.computed():
		return place{}, unclear(fmt.Sprintf("%s computes %s", file, name), "write it as a plain text, or name the output folder (in the shipped workflow: the variable PRESSRUN_OUTPUT)")
	}
	return place{otherwise, "the default of " + file}, nil
}
