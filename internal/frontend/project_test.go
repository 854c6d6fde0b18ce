package frontend_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/frontend"
)

// files are a project's, by path.
type files map[string]string

func (f files) tree() fs.FS {
	tree := fstest.MapFS{}
	for name, text := range f {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

// npm is a package.json with one dependency, and a script that builds or none.
func npm(dependency, build string) string {
	scripts := ""
	if build != "" {
		scripts = `"scripts": {"build": "` + build + `"}, `
	}
	return `{` + scripts + `"devDependencies": {"` + dependency + `": "^4.0.0"}}`
}

func TestAProjectSaysHowItIsBuilt(t *testing.T) {
	const lock = "package-lock.json"
	for name, c := range map[string]struct {
		files files
		want  frontend.Project
	}{
		"Hugo": {
			files{"hugo.toml": "baseURL = 'https://www.example.gov/'"},
			frontend.Project{Generator: "Hugo", Hugo: true, Build: "hugo --minify", Output: "public"},
		},
		"Hugo, pinned, with modules and styles by npm": {
			files{"config/_default/hugo.yaml": "publishDir: dist", ".hugo-version": "v0.148.2\n", "go.mod": "module x", "package.json": `{"devDependencies": {"postcss-cli": "11"}}`, lock: "{}"},
			frontend.Project{Generator: "Hugo", Hugo: true, GeneratorVersion: "0.148.2", Go: true, PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "hugo --minify", Output: "dist"},
		},
		"Hugo, its old configuration, pinned for Netlify, built by a script": {
			files{"config.toml": "baseURL = '/'", "netlify.toml": "[build.environment]\nHUGO_VERSION = \"0.120.4\"\n[context.production.environment]\nHUGO_VERSION = \"0.121.0\"", "package.json": npm("sass", "npm run css && hugo -d out"), lock: "{}"},
			frontend.Project{Generator: "Hugo", Hugo: true, GeneratorVersion: "0.121.0", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "out"},
		},
		"Hugo from npm": {
			files{"hugo.json": "{}", "package.json": npm("hugo-extended", ""), ".hugo-version": "0.1"},
			frontend.Project{Generator: "Hugo", PackageManager: "npm", Node: "lts/*", Install: "npm install", Build: "npx hugo --minify", Output: "public"},
		},
		"Eleventy": {
			files{"package.json": npm("@11ty/eleventy", ""), lock: "{}", "eleventy.config.js": "export default function (c) { c.addPassthroughCopy({ 'public': '/' }) }"},
			frontend.Project{Generator: "Eleventy", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npx eleventy", Output: "_site"},
		},
		"Eleventy, its folder set": {
			files{"package.json": npm("@11ty/eleventy", "eleventy"), lock: "{}", ".eleventy.js": "module.exports = (c) => {\n  c.addFilter('a', (x) => x.replace(/[\"'{]/g, ''));\n  return { markdownTemplateEngine: 'njk', dir: { input: 'src', output: 'www' } };\n};"},
			frontend.Project{Generator: "Eleventy", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "www"},
		},
		"Eleventy, its folder set by a call": {
			files{"package.json": npm("@11ty/eleventy", "eleventy"), "eleventy.config.mjs": "export default (c) => { c.setOutputDirectory('dist') }"},
			frontend.Project{Generator: "Eleventy", PackageManager: "npm", Node: "lts/*", Install: "npm install", Build: "npm run build", Output: "dist"},
		},
		"Astro, with its public folder": {
			files{"package.json": npm("astro", "astro check && astro build"), "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "astro.config.mjs": "export default defineConfig({ integrations: [sitemap({ outDir: 'no' })] })", "public/favicon.ico": "", "public/index.html": ""},
			frontend.Project{Generator: "Astro", PackageManager: "pnpm", Tool: "pnpm@10", Node: "lts/*", Install: "pnpm install --frozen-lockfile", Build: "pnpm run build", Output: "dist"},
		},
		"Astro, as GitLab's Pages want it": {
			files{"package.json": npm("astro", ""), lock: "{}", "astro.config.ts": "export default defineConfig({\n  // outDir: 'x'\n  outDir: './public', publicDir: `static`,\n})"},
			frontend.Project{Generator: "Astro", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npx astro build", Output: "public"},
		},
		"Next export": {
			files{"package.json": npm("next", "next build"), lock: "{}", "next.config.mjs": "/** @type {import('next').NextConfig} */\nconst nextConfig = { output: 'export' };\nexport default nextConfig;", "public/a.svg": ""},
			frontend.Project{Generator: "Next", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "out"},
		},
		"Next export, its folder set, for production alone": {
			files{"package.json": npm("next", "next build"), lock: "{}", "next.config.ts": "export default { output: process.env.NODE_ENV === 'production' ? 'export' : undefined, distDir: 'www' }"},
			frontend.Project{Generator: "Next", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "www"},
		},
		"Next export of old": {
			files{"package.json": npm("next", "next build && next export -o html"), lock: "{}"},
			frontend.Project{Generator: "Next", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "html"},
		},
		"Jekyll": {
			files{"_config.yml": "title: x\n", "Gemfile": "gem 'jekyll'", ".ruby-version": "ruby-3.3.5\n"},
			frontend.Project{Generator: "Jekyll", Ruby: "3.3.5", Install: "bundle config set --local path vendor/bundle && bundle install", Build: "bundle exec jekyll build", Output: "_site"},
		},
		"Jekyll, its folder set, styles by npm": {
			files{"_config.yml": "destination: ./www\n", "Gemfile": "gem 'jekyll'", "package.json": npm("postcss", "bundle exec jekyll build"), lock: "{}"},
			frontend.Project{Generator: "Jekyll", Ruby: "3.4", PackageManager: "npm", Node: "lts/*", Install: "npm ci && bundle config set --local path vendor/bundle && bundle install", Build: "npm run build", Output: "www"},
		},
		"SvelteKit": {
			files{"package.json": `{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "6", "@sveltejs/kit": "2", "@sveltejs/adapter-static": "3"}}`, lock: "{}", "vite.config.ts": "", "svelte.config.js": "export default { kit: { adapter: adapter({ fallback: '404.html' }) } }", "static/a": ""},
			frontend.Project{Generator: "SvelteKit", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "build"},
		},
		"SvelteKit, its folder set": {
			files{"package.json": `{"devDependencies": {"vite": "6", "@sveltejs/kit": "2", "@sveltejs/adapter-static": "3"}}`, "svelte.config.js": "const config = { kit: { adapter: adapter({ pages: 'docs', assets: 'docs' }) } };"},
			frontend.Project{Generator: "SvelteKit", PackageManager: "npm", Node: "lts/*", Install: "npm install", Build: "npx vite build", Output: "docs"},
		},
		"VitePress in docs": {
			files{"package.json": npm("vitepress", ""), lock: "{}", "docs/.vitepress/config.mts": "export default defineConfig({ title: 'x' })", "docs/public/a": ""},
			frontend.Project{Generator: "VitePress", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npx vitepress build docs", Output: "docs/.vitepress/dist"},
		},
		"VitePress by its own script": {
			files{"package.json": `{"scripts": {"build": "tsc", "docs:build": "vitepress build"}, "devDependencies": {"vitepress": "1"}}`, lock: "{}", ".vitepress/config.ts": "export default { outDir: './site' }"},
			frontend.Project{Generator: "VitePress", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run docs:build", Output: "site"},
		},
		"Docusaurus": {
			files{"package.json": npm("@docusaurus/core", "docusaurus build"), "yarn.lock": "# yarn lockfile v1\n", "docusaurus.config.ts": "", "static/img/a": ""},
			frontend.Project{Generator: "Docusaurus", PackageManager: "yarn", Tool: "yarn@1", Node: "lts/*", Install: "yarn install --frozen-lockfile", Build: "yarn run build", Output: "build"},
		},
		"Nuxt": {
			files{"package.json": `{"scripts": {"build": "nuxt build", "generate": "nuxt generate"}, "dependencies": {"nuxt": "^3.17.0"}}`, "bun.lock": "", "nuxt.config.ts": "export default defineNuxtConfig({})", "public/a": ""},
			frontend.Project{Generator: "Nuxt", PackageManager: "bun", Tool: "bun@1", Node: "lts/*", Install: "bun install --frozen-lockfile", Build: "bun run generate", Output: ".output/public"},
		},
		"Nuxt, whose script makes a server": {
			files{"package.json": `{"scripts": {"build": "nuxt build"}, "dependencies": {"nuxt": "4.0.0"}}`, lock: "{}"},
			frontend.Project{Generator: "Nuxt", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npx nuxt generate", Output: ".output/public"},
		},
		"Gatsby": {
			files{"package.json": npm("gatsby", "gatsby build"), lock: "{}", "gatsby-config.js": "", "static/a": ""},
			frontend.Project{Generator: "Gatsby", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "public"},
		},
		"Vite, with its public folder": {
			files{"package.json": npm("vite", "tsc -b && vite build"), lock: "{}", "vite.config.ts": "export default defineConfig(({ mode }) => ({ build: { rollupOptions: { output: { dir: 'no' } } } }))", "index.html": "", "public/index.html": ""},
			frontend.Project{Generator: "Vite", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "dist"},
		},
		"Hexo": {
			files{"package.json": npm("hexo", "hexo generate"), lock: "{}", "_config.yml": "public_dir: www\n"},
			frontend.Project{Generator: "Hexo", PackageManager: "npm", Node: "lts/*", Install: "npm ci", Build: "npm run build", Output: "www"},
		},
		"plain HTML":            {files{"index.html": "", "docs/index.html": "", ".gitmodules": ""}, frontend.Project{Generator: "Plain HTML", Submodules: true, Output: "."}},
		"plain HTML, in public": {files{"public/index.html": "", "README.md": ""}, frontend.Project{Generator: "Plain HTML", Output: "public"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := frontend.Detect(c.files.tree())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(frontend.Project{}, "Why")); diff != "" {
				t.Errorf("seen otherwise (-want +got):\n%s\n%s", diff, strings.Join(got.Why, "\n"))
			}
			if len(got.Why) == 0 {
				t.Error("it does not say why")
			}
		})
	}
}

func TestWhatIsNotClearIsSaid(t *testing.T) {
	const lock = "package-lock.json"
	for name, c := range map[string]struct {
		files files
		is    error
		says  []string
	}{
		"nothing":                       {files{"README.md": ""}, frontend.ErrNothing, []string{"PRESSRUN_BUILD"}},
		"two generators":                {files{"hugo.toml": "", "_config.yml": ""}, frontend.ErrSeveral, []string{"Hugo (hugo.toml)", "Jekyll (_config.yml)"}},
		"two by npm":                    {files{"package.json": `{"dependencies": {"gatsby": "5", "next": "15"}}`}, frontend.ErrSeveral, []string{"Gatsby", "Next", "script"}},
		"two lockfiles":                 {files{"package.json": npm("astro", ""), lock: "{}", "yarn.lock": ""}, frontend.ErrSeveral, []string{"yarn.lock and package-lock.json", "packageManager"}},
		"two folders of pages":          {files{"public/index.html": "", "site/index.html": ""}, frontend.ErrSeveral, []string{"public and site"}},
		"a script that says nothing":    {files{"package.json": npm("lodash", "node build.js"), "public/index.html": ""}, frontend.ErrUnclear, []string{"PRESSRUN_OUTPUT"}},
		"Next without export":           {files{"package.json": npm("next", "next build"), "next.config.js": "module.exports = { images: { output: 'export' } }"}, frontend.ErrUnclear, []string{"next.config.js", "output: 'export'"}},
		"Next without a configuration":  {files{"package.json": npm("next", "next build")}, frontend.ErrUnclear, []string{"output: 'export'"}},
		"SvelteKit with another":        {files{"package.json": npm("@sveltejs/kit", "vite build")}, frontend.ErrUnclear, []string{"@sveltejs/adapter-static"}},
		"Astro as a server":             {files{"package.json": npm("astro", ""), "astro.config.mjs": "export default defineConfig({ output: 'server' })"}, frontend.ErrUnclear, []string{"output: 'server'"}},
		"Jekyll without a Gemfile":      {files{"_config.yml": ""}, frontend.ErrUnclear, []string{"Gemfile"}},
		"Astro that nothing brings":     {files{"package.json": "{}", "astro.config.mjs": ""}, frontend.ErrUnclear, []string{"npm install --save-dev astro"}},
		"an output that is computed":    {files{"package.json": npm("astro", ""), "astro.config.mjs": "export default { outDir: process.env.OUT }"}, frontend.ErrUnclear, []string{"astro.config.mjs computes outDir"}},
		"an output that is the source":  {files{"package.json": npm("vite", "vite build --outDir public")}, frontend.ErrUnclear, []string{"static files"}},
		"an output outside":             {files{"hugo.toml": "publishDir = '../www'"}, frontend.ErrUnclear, []string{"hugo.toml", "../www"}},
		"an output with a line":         {files{"hugo.yaml": `publishDir: "a\nb"`}, frontend.ErrUnclear, []string{"hugo.yaml"}},
		"a version with a line":         {files{"hugo.toml": "", ".hugo-version": "0.1$(x)"}, frontend.ErrUnclear, []string{".hugo-version"}},
		"a Node that is none":           {files{"package.json": npm("astro", ""), ".nvmrc": "20; rm"}, frontend.ErrUnclear, []string{".nvmrc"}},
		"a package manager that's none": {files{"package.json": `{"packageManager": "apt@1", "dependencies": {"astro": "5"}}`}, frontend.ErrUnclear, []string{"apt@1"}},
		"a package.json that is none":   {files{"package.json": "{"}, frontend.ErrUnclear, []string{"package.json"}},
		"settings that are none":        {files{"hugo.toml": "= 1"}, frontend.ErrUnclear, []string{"hugo.toml"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := frontend.Detect(c.files.tree())
			if !errors.Is(err, c.is) {
				t.Fatalf("it is %v, and sees %+v", err, got)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestPackageManagersAndVersions(t *testing.T) {
	for name, c := range map[string]struct {
		files               files
		tool, install, node string
	}{
		"named, with a hash":        {files{"package.json": `{"packageManager": "pnpm@9.15.0+sha512.76e2379760a4=", "dependencies": {"astro": "5"}}`, "pnpm-lock.yaml": "", "yarn.lock": ""}, "pnpm@9.15.0", "pnpm install --frozen-lockfile", "lts/*"},
		"pnpm of old":               {files{"pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, "pnpm@7", "pnpm install --frozen-lockfile", "lts/*"},
		"pnpm 8":                    {files{"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "pnpm@8", "pnpm install --frozen-lockfile", "lts/*"},
		"Yarn 2 and later":          {files{"yarn.lock": "# generated\n\n__metadata:\n  version: 6\n"}, "@yarnpkg/cli-dist@3", "yarn install --immutable", "lts/*"},
		"Yarn 4":                    {files{"yarn.lock": "\n__metadata:\n  version: 8\n  cacheKey: 10\n"}, "@yarnpkg/cli-dist@4", "yarn install --immutable", "lts/*"},
		"Yarn in the project":       {files{"yarn.lock": "", ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-4.1.0.cjs\n"}, "yarn@1", "yarn install --immutable", "lts/*"},
		"Yarn named, no lockfile":   {files{"package.json": `{"packageManager": "yarn@4.5.0", "dependencies": {"astro": "5"}}`}, "@yarnpkg/cli-dist@4.5.0", "yarn install", "lts/*"},
		"bun of old":                {files{"bun.lockb": "\x00"}, "bun@1", "bun install --frozen-lockfile", "lts/*"},
		"npm's shrinkwrap":          {files{"npm-shrinkwrap.json": ""}, "", "npm ci", "lts/*"},
		".nvmrc before engines":     {files{".nvmrc": "# ours\nv22.11.0 # lts\n", "package.json": `{"engines": {"node": ">=18"}, "dependencies": {"astro": "5"}}`}, "", "npm install", "22.11.0"},
		".nvmrc with an alias":      {files{".nvmrc": "lts/jod\n"}, "", "npm install", "lts/jod"},
		".nvmrc that nvm knows":     {files{".nvmrc": "stable"}, "", "npm install", "lts/*"},
		".node-version":             {files{".node-version": "\ufeff24\n"}, "", "npm install", "24"},
		"asdf's":                    {files{".tool-versions": "hugo 0.1\nnodejs 20.1.0 18\n"}, "", "npm install", "20.1.0"},
		"engines":                   {files{"package.json": `{"engines": {"node": "^20.9.0 || >=22"}, "dependencies": {"astro": "5"}}`}, "", "npm install", "^20.9.0 || >=22"},
		"Volta":                     {files{"package.json": `{"volta": {"node": "20.9.0"}, "engines": {"node": ">=1"}, "dependencies": {"astro": "5"}}`}, "", "npm install", "20.9.0"},
		"a package.json that's odd": {files{"package.json": "\ufeff" + `{"engines": {}, "dependencies": {"astro": "5"}}`}, "", "npm install", "lts/*"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.files["package.json"] == "" {
				c.files["package.json"] = npm("astro", "")
			}
			got, err := frontend.Detect(c.files.tree())
			if err != nil {
				t.Fatal(err)
			}
			if got.Tool != c.tool || got.Install != c.install || got.Node != c.node {
				t.Errorf("tool %q, install %q, Node %q", got.Tool, got.Install, got.Node)
			}
		})
	}
}

// denied is a folder whose files can't be read.
type denied struct{ fs.FS }

func (d denied) Open(name string) (fs.File, error) {
	if name == "hugo.toml" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.FS.Open(name)
}

func TestAFileThatCannotBeReadIsNoFileThatIsMissing(t *testing.T) {
	if got, err := frontend.Detect(denied{files{"index.html": ""}.tree()}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("it sees %+v, %v", got, err)
	}
}

// FuzzDetect: whatever the files hold, what is seen is fit for a workflow's outputs
// and for a folder below the project's.
func FuzzDetect(f *testing.F) {
	f.Add(`{"scripts": {"build": "run-s a:* && astro build"}, "packageManager": "pnpm@9.1.0", "dependencies": {"astro": "5"}}`, "export default { outDir: `x${a}` }", "publishDir = 'x'", "v20")
	f.Add(`{"scripts": {"build": "npm run build"}}`, "/[/", "a: [", "# x")
	f.Add(npm("next", "next build"), "module.exports = { output: 'export', distDir: \"a\\\nb\" } // '", "", "lts/*")
	f.Fuzz(func(t *testing.T, pkg, script, settings, version string) {
		for _, names := range [][]string{{"astro.config.mjs", "hugo.toml"}, {"next.config.js", "_config.yml"}, {".eleventy.js", "config.json"}, {"svelte.config.js", ".hugo-version"}} {
			tree := files{"package.json": pkg, names[0]: script, names[1]: settings, ".nvmrc": version}
			p, err := frontend.Detect(tree.tree())
			if err != nil {
				continue
			}
			if !fs.ValidPath(p.Output) {
				t.Errorf("output %q", p.Output)
			}
			for _, text := range []string{p.Generator, p.GeneratorVersion, p.Tool, p.Node, p.Ruby, p.Install, p.Build} {
				if strings.ContainsAny(text+p.Output, "\r\n\x00") || strings.ContainsAny(text, "$`;") {
					t.Errorf("%q is no output", text)
				}
			}
		}
	})
}
