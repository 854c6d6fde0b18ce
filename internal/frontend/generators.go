package frontend

import "slices"

// generators are the known generators, with the output folders that their documentation
// names. (It is a function, since a variable would refer to itself.)
func generators() []*generator {
	return []*generator{
		{ // https://gohugo.io/configuration/all/#publishdir
			name: "Hugo", programs: []string{"hugo"}, packages: []string{"hugo-extended", "hugo-bin", "@gohugoio/hugo-extended"}, configured: hugoConfig,
			build: "hugo --minify", builds: hugoBuilds, output: hugoOutput, source: fixed("static"), runtime: hugoRuntime,
		},
		{ // https://www.11ty.dev/docs/config/#output-directory
			name: "Eleventy", programs: []string{"eleventy", "@11ty/eleventy"}, packages: []string{"@11ty/eleventy"}, configured: configuredBy(".eleventy", "eleventy.config"),
			build: "eleventy", builds: without("--serve", "--watch"), output: eleventyOutput,
		},
		{ // https://docs.astro.build/en/reference/configuration-reference/#outdir
			name: "Astro", programs: []string{"astro"}, packages: []string{"astro"}, configured: configuredBy("astro.config"),
			build: "astro build", builds: with("build"), output: astroOutput, source: publicDir("astro.config"),
		},
		{ // https://nextjs.org/docs/app/guides/static-exports
			name: "Next", programs: []string{"next"}, packages: []string{"next"}, configured: configuredBy("next.config"),
			build: "next build", builds: with("build", "export"), output: nextOutput, source: fixed("public"),
		},
		{ // https://jekyllrb.com/docs/configuration/options/
			name: "Jekyll", programs: []string{"jekyll"}, configured: jekyllConfig,
			build: "bundle exec jekyll build", builds: with("build", "b"), output: jekyllOutput, runtime: rubyRuntime,
		},
		{ // https://svelte.dev/docs/kit/adapter-static
			name: "SvelteKit", programs: []string{"vite", "svelte-kit"}, bundled: true, packages: []string{"@sveltejs/kit"}, configured: svelteConfig,
			build: "vite build", builds: with("build"), output: svelteOutput, source: fixed("static"),
		},
		{ // https://vitepress.dev/reference/site-config#outdir
			name: "VitePress", programs: []string{"vitepress"}, packages: []string{"vitepress"}, configured: vitePressConfig,
			build: "vitepress build", scripts: []string{"docs:build"}, builds: with("build"), folder: (*tree).vitePressRoot, output: vitePressOutput, source: vitePressSource,
		},
		{ // https://docusaurus.io/docs/deployment
			name: "Docusaurus", programs: []string{"docusaurus"}, packages: []string{"@docusaurus/core"}, configured: configuredBy("docusaurus.config"),
			build: "docusaurus build", builds: with("build"), output: byFlag("Docusaurus", "build", "--out-dir"), source: fixed("static"),
		},
		{ // https://nuxt.com/docs/getting-started/deployment#static-hosting
			name: "Nuxt", programs: []string{"nuxt", "nuxi"}, packages: []string{"nuxt", "nuxt3"}, configured: configuredBy("nuxt.config"),
			build: "nuxt generate", scripts: []string{"generate"}, builds: with("generate", "--prerender"), output: nuxtOutput, source: fixed("public"),
		},
		{ // https://www.gatsbyjs.com/docs/reference/gatsby-project-structure/
			name: "Gatsby", programs: []string{"gatsby"}, packages: []string{"gatsby"}, configured: configuredBy("gatsby-config"),
			build: "gatsby build", builds: with("build"), output: always("public"), source: fixed("static"),
		},
		{ // https://hexo.io/docs/configuration#Directory
			name: "Hexo", programs: []string{"hexo"}, packages: []string{"hexo"}, configured: none,
			build: "hexo generate", builds: with("generate", "g"), output: hexoOutput,
		},
		{ // https://create-react-app.dev/docs/deployment/
			name: "Create React App", programs: []string{"react-scripts"}, packages: []string{"react-scripts"}, configured: none,
			build: "react-scripts build", builds: with("build"), output: always("build"), source: fixed("public"),
		},
		{ // https://cli.vuejs.org/config/#outputdir
			name: "Vue CLI", programs: []string{"vue-cli-service"}, packages: []string{"@vue/cli-service"}, configured: configuredBy("vue.config"),
			build: "vue-cli-service build", builds: with("build"), output: module("dist", "vue.config", "outputDir"), source: fixed("public"),
		},
		{ // https://vite.dev/config/build-options#build-outdir
			name: "Vite", programs: []string{"vite"}, packages: []string{"vite"}, configured: configuredBy("vite.config"),
			build: "vite build", builds: with("build"), output: viteOutput, source: publicDir("vite.config"), weak: true,
		},
	}
}

func find(name string) *generator {
	for _, g := range generators() {
		if g.name == name {
			return g
		}
	}
	return nil
}

// with makes a check that a call has one of some words, and without that it has none.
func with(words ...string) func([]string) bool {
	return func(call []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(call, w) })
	}
}

func without(words ...string) func([]string) bool {
	return func(call []string) bool { return !with(words...)(call) }
}

func none(*tree) string { return "" }

func fixed(folder string) func(*tree) (string, error) {
	return func(*tree) (string, error) { return folder, nil }
}

func always(folder string) func(*tree) (place, error) {
	return func(*tree) (place, error) { return place{folder, "the generator's fixed folder"}, nil }
}
