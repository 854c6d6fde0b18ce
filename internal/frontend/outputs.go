package frontend

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// flagged is the folder in a flag of the script's call.
func (t *tree) flagged(name string, flags ...string) (place, bool) {
	script, words := t.script(find(name))
	if folder := flag(words, flags...); folder != "" {
		return place{folder, "package.json (script \"" + script + "\")"}, true
	}
	return place{}, false
}

func byFlag(name, otherwise string, flags ...string) func(*tree) (place, error) {
	return func(t *tree) (place, error) {
		if p, ok := t.flagged(name, flags...); ok {
			return p, nil
		}
		return place{otherwise, "the default"}, nil
	}
}

func module(otherwise, stem string, keys ...string) func(*tree) (place, error) {
	return func(t *tree) (place, error) { return t.literal(t.module(stem), otherwise, keys...) }
}

func publicDir(stem string) func(*tree) (string, error) {
	return func(t *tree) (string, error) {
		p, err := t.literal(t.module(stem), "public", "publicDir")
		return p.path, err
	}
}

// hugoConfigs are Hugo's configuration files, also in its folder; other programs use the
// names with "config" too (https://gohugo.io/configuration/introduction/).
var hugoConfigs = []string{
	"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json",
	"config/_default/hugo.toml", "config/_default/hugo.yaml", "config/_default/hugo.yml", "config/_default/hugo.json",
	"config.toml", "config.yaml", "config.yml", "config.json",
	"config/_default/config.toml", "config/_default/config.yaml", "config/_default/config.yml", "config/_default/config.json",
}

func hugoConfig(t *tree) string {
	file := t.first(hugoConfigs...)
	if file == "" || strings.HasPrefix(path.Base(file), "hugo.") || strings.HasPrefix(file, "config/") {
		return file
	}
	settings, err := t.settings(file)
	if err == nil && lookup(settings, "baseURL") == "" && !t.hasFolder("layouts") && !t.hasFolder("themes") && !t.hasFolder("archetypes") {
		return ""
	}
	return file
}

// hugoBuilds: without a command Hugo builds.
func hugoBuilds(call []string) bool {
	return len(call) == 1 || call[1] == "build" || strings.HasPrefix(call[1], "-")
}

func hugoOutput(t *tree) (place, error) {
	if p, ok := t.flagged("Hugo", "-d", "--destination"); ok {
		return p, nil
	}
	file := hugoConfig(t)
	settings, err := t.settings(file)
	if err != nil {
		return place{}, err
	}
	if folder := lookup(settings, "publishDir"); folder != "" {
		return place{folder, file}, nil
	}
	return place{"public", "Hugo's default"}, nil
}

func eleventyOutput(t *tree) (place, error) {
	if p, ok := t.flagged("Eleventy", "--output"); ok {
		return p, nil
	}
	file := t.module(".eleventy", "eleventy.config")
	if file == "" {
		return place{"_site", "Eleventy's default"}, nil
	}
	if called := argument(t.read(file), "setOutputDirectory"); called.found {
		return known(file, called, "_site", "setOutputDirectory")
	}
	return t.literal(file, "_site", "dir", "output")
}

func astroOutput(t *tree) (place, error) {
	if p, ok := t.flagged("Astro", "--outDir", "--out-dir"); ok {
		return p, nil
	}
	file := t.module("astro.config")
	if file != "" && property(t.read(file), "output").text == "server" {
		return place{}, unclear(file+" has output: 'server', which makes a server program instead of pages", "take it out, so that all pages are built")
	}
	return t.literal(file, "dist", "outDir")
}

// nextOutput is out, or distDir, if pages are exported: only then does Next make static files.
func nextOutput(t *tree) (place, error) {
	for _, words := range t.calls(find("Next"), "build") {
		if slices.Contains(words, "export") { // Next before 14
			return place{cmp.Or(flag(words, "-o", "--outdir"), "out"), "package.json (next export)"}, nil
		}
	}
	file := t.module("next.config")
	const do = "set output: 'export' there (https://nextjs.org/docs/app/guides/static-exports)"
	if file == "" {
		return place{}, unclear("Next makes a program and no pages without a next.config.js that says otherwise", "add one: "+do)
	}
	if output := property(t.read(file), "output"); output.text != "export" && !slices.Contains(output.literals, "export") {
		return place{}, unclear(file+" has no output: 'export', so that Next makes a program and no pages", do)
	}
	return t.literal(file, "out", "distDir")
}

func jekyllConfig(t *tree) string {
	if t.pkg.depends("hexo") != "" {
		return "" // Hexo's configuration has that name too
	}
	return t.first("_config.yml", "_config.yaml", "_config.toml")
}

func jekyllOutput(t *tree) (place, error) {
	if p, ok := t.flagged("Jekyll", "-d", "--destination"); ok {
		return p, nil
	}
	return t.setIn(jekyllConfig(t), "_site", "destination")
}

func hexoOutput(t *tree) (place, error) {
	return t.setIn(t.first("_config.yml", "_config.yaml"), "public", "public_dir")
}

// setIn is a folder that a settings file names, or the default.
func (t *tree) setIn(file, otherwise string, keys ...string) (place, error) {
	settings, err := t.settings(file)
	if err != nil {
		return place{}, err
	}
	if folder := lookup(settings, keys...); folder != "" {
		return place{folder, file}, nil
	}
	return place{otherwise, "the default"}, nil
}

func svelteConfig(t *tree) string {
	if t.pkg.depends("@sveltejs/kit") == "" {
		return "" // Svelte without Kit has a svelte.config.js too
	}
	return t.module("svelte.config")
}

func svelteOutput(t *tree) (place, error) {
	if t.pkg.depends("@sveltejs/adapter-static") == "" {
		return place{}, unclear("SvelteKit lacks the adapter @sveltejs/adapter-static, so that it makes a program and no pages", "add it (https://svelte.dev/docs/kit/adapter-static)")
	}
	return t.literal(t.module("svelte.config"), "build", "kit", "adapter", "pages")
}

// vitePressRoot is the folder that VitePress is called for.
func (t *tree) vitePressRoot() string {
	_, words := t.script(find("VitePress"))
	for i, word := range words {
		if i > 1 && words[1] == "build" && !strings.HasPrefix(word, "-") && !strings.HasPrefix(words[i-1], "--") {
			return path.Clean(word)
		}
	}
	if len(words) == 0 && t.module(".vitepress/config") == "" && t.module("docs/.vitepress/config") != "" {
		return "docs"
	}
	return "."
}

func vitePressConfig(t *tree) string {
	return cmp.Or(t.module(".vitepress/config"), t.module("docs/.vitepress/config"))
}

func vitePressOutput(t *tree) (place, error) {
	root := t.vitePressRoot()
	if p, ok := t.flagged("VitePress", "--outDir", "--out-dir"); ok {
		return p, nil
	}
	file := t.module(path.Join(root, ".vitepress/config"))
	p, err := t.literal(file, ".vitepress/dist", "outDir")
	p.path = path.Join(root, p.path)
	return p, err
}

func vitePressSource(t *tree) (string, error) { return path.Join(t.vitePressRoot(), "public"), nil }

func nuxtOutput(t *tree) (place, error) {
	version := strings.TrimLeft(cmp.Or(t.pkg.depends("nuxt"), "3"), "^~>=v ")
	file := t.module("nuxt.config")
	if major, _, _ := strings.Cut(version, "."); major == "1" || major == "2" {
		return t.literal(file, "dist", "generate", "dir")
	}
	return t.literal(file, ".output/public", "nitro", "output", "publicDir")
}

func viteOutput(t *tree) (place, error) {
	if p, ok := t.flagged("Vite", "--outDir"); ok {
		return p, nil
	}
	file := t.module("vite.config")
	root, err := t.literal(file, ".", "root")
	if err != nil {
		return place{}, err
	}
	p, err := t.literal(file, "dist", "build", "outDir")
	p.path = path.Join(root.path, p.path)
	return p, err
}
