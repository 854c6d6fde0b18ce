package frontend

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// runtimes adds the tools that the generator needs.
func (t *tree) runtimes(p *Project, g *generator) error {
	if err := t.packageManager(p); err != nil {
		return err
	}
	if t.pkg != nil {
		if err := t.node(p); err != nil {
			return err
		}
	}
	if g.runtime == nil {
		return nil
	}
	return g.runtime(t, p)
}

// asked matches the accepted versions of Node: a number, a range, or an alias such as
// lts/iron. No other text may get into a workflow.
var asked = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z.*^~<>=| /-]{1,60}$`) })

// node sets the version of Node, in the form of actions/setup-node and in its order:
// .nvmrc and .node-version name the version that developers use, engines the allowed
// ones.
func (t *tree) node(p *Project) error {
	for _, from := range []struct{ file, text string }{
		{".nvmrc", firstLine(t.read(".nvmrc"))},
		{".node-version", firstLine(t.read(".node-version"))},
		{".tool-versions", toolVersion(t.read(".tool-versions"), "nodejs")},
		{"package.json (volta)", t.pkg.Volta.Node},
		{"package.json (engines)", t.pkg.Engines.Node},
	} {
		version := strings.TrimSpace(from.text)
		if version == "" {
			continue
		}
		if !asked().MatchString(version) {
			return unclear(fmt.Sprintf("%s has the version %.80q of Node", from.file, version), "write a version such as 24, 24.1.0 or lts/*")
		}
		if version = strings.TrimPrefix(version, "v"); version == "stable" {
			version = "lts/*" // nvm has this alias, actions/setup-node does not
		}
		p.Node = version
		p.because("%s: Node %s", from.file, version)
		return nil
	}
	p.Node = "lts/*"
	return nil
}

// firstLine is a file's first line that is neither empty nor a comment.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// toolVersion is a tool's version in a .tool-versions (https://asdf-vm.com/manage/configuration.html).
func toolVersion(text, tool string) string {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == tool {
			return words[1]
		}
	}
	return ""
}

var hugoVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,3})?$`) })

// hugoRuntime sets the project's version of Hugo. The extended edition is used, which can
// do all that the other can.
func hugoRuntime(t *tree, p *Project) error {
	if t.has("go.mod") {
		p.Go = true
		p.because("go.mod: Hugo's modules are fetched with Go")
	}
	for _, name := range []string{"hugo-extended", "hugo-bin", "@gohugoio/hugo-extended"} {
		if t.pkg.depends(name) != "" {
			p.because("package.json: Hugo comes with the package %s", name)
			return nil
		}
	}
	p.Hugo = true
	netlify, err := t.settings("netlify.toml")
	if err != nil {
		return err
	}
	vercel, err := t.settings("vercel.json")
	if err != nil {
		return err
	}
	for _, from := range []struct{ file, text string }{
		{".hugo-version", firstLine(t.read(".hugo-version"))},
		{".tool-versions", toolVersion(t.read(".tool-versions"), "hugo")},
		{"netlify.toml", cmp.Or(lookup(netlify, "context", "production", "environment", "HUGO_VERSION"), lookup(netlify, "build", "environment", "HUGO_VERSION"))},
		{"vercel.json", lookup(vercel, "build", "env", "HUGO_VERSION")},
	} {
		version := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(from.text, "extended_"), "v"), "extended_")
		if version == "" {
			continue
		}
		if !hugoVersion().MatchString(version) {
			return unclear(fmt.Sprintf("%s has the version %.80q of Hugo", from.file, from.text), "write a version such as 0.154.5")
		}
		p.GeneratorVersion = version
		p.because("%s: Hugo %s", from.file, version)
		return nil
	}
	return nil
}

// rubyRuntime sets the version of Ruby and the installation for Jekyll.
func rubyRuntime(t *tree, p *Project) error {
	version := cmp.Or(firstLine(t.read(".ruby-version")), toolVersion(t.read(".tool-versions"), "ruby"))
	version = strings.TrimPrefix(version, "ruby-")
	if version != "" && !asked().MatchString(version) {
		return unclear(fmt.Sprintf("the version %.80q of Ruby", version), "write a version such as 3.4 into .ruby-version")
	}
	p.Ruby = cmp.Or(version, "3.4")
	if !t.has("Gemfile") {
		return unclear("there is no Gemfile that says which Jekyll builds the site", "add one (bundle init; bundle add jekyll, or github-pages for what GitHub Pages used), and commit its lockfile too")
	}
	p.because("Gemfile: Bundler installs Jekyll, with Ruby %s", p.Ruby)
	// Not into the system's folder of gems, which a runner's user may not write.
	p.Install = join(p.Install, "bundle config set --local path vendor/bundle && bundle install")
	return nil
}

func join(before, command string) string {
	if before == "" {
		return command
	}
	return before + " && " + command
}
