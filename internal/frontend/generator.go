package frontend

import (
	"fmt"
	"slices"
	"strings"
)

// generator is a static site generator, or a bundler that can make a static site.
type generator struct {
	name string
	// programs are the programs that scripts call, and packages the dependencies in package.json.
	programs, packages []string
	// bundled says that other generators have the same program, so that it counts only if
	// package.json depends on one of the packages.
	bundled bool
	// configured is the file that shows that the project uses it; "" for none.
	configured func(t *tree) string
	// build is the build command if package.json has no script for it.
	build string
	// scripts are the names of scripts that may build, besides "build"; builds says
	// whether a call does.
	scripts []string
	builds  func(call []string) bool
	// folder is the folder that it builds; nil for the project's own.
	folder func(t *tree) string
	// output is the folder that it makes.
	output func(t *tree) (place, error)
	// source is the folder of the site's static files, which is never the output; nil if
	// there is none.
	source func(t *tree) (string, error)
	// runtime adds the tools that it needs besides Node; nil for none.
	runtime func(t *tree, p *Project) error
	// weak says that other generators use it too, so that it counts only if no other does.
	weak bool
}

// place is a folder, and the file that names it.
type place struct{ path, from string }

// generator finds the generator that makes the site: by the calls of the build's script,
// else by its configuration file, else by the dependencies in package.json. It is nil
// when there is none.
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

// called names the script that calls a generator; "" for none.
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

// needed names the dependency that brings a generator; "" for none.
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
	m := managerNamed(p.PackageManager)
	name, _ := t.script(g)
	if name == "" && t.pkg != nil && t.pkg.Scripts["build"] != "" && len(t.calls(g, "build")) == 0 {
		name = "build" // it may call the generator in an unknown way
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

// configuredBy looks for a configuration file in JavaScript or TypeScript by its names
// without ending.
func configuredBy(stems ...string) func(t *tree) string {
	return func(t *tree) string { return t.module(stems...) }
}

// module finds a file of JavaScript or TypeScript by its names without ending.
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

// literal is a property that must be a literal in the file, or the default.
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
