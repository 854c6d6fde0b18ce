package main

// section is a part of the navigation.
type section struct {
	Title string
	Pages []entry
}

// entry is a page of the website: File below docs/, and what the navigation calls it.
type entry struct{ File, Title string }

// contents are the pages in the order in which they are read. A page of docs/ that is
// not here stands under More.
var contents = []section{
	{"Start", []entry{
		{"tutorial.md", "The first hour"}, {"running.md", "Running Pressrun"}, {"concepts.md", "Concepts"}, {"editors.md", "For editors"},
	}},
	{"Publish", []entry{
		{"action.md", "Inside a run"}, {"github.md", "GitHub"}, {"deploy.md", "Deploys"}, {"cdn.md", "CDNs"}, {"schedules.md", "Schedules"}, {"hooks.md", "Hooks"},
	}},
	{"Your CMS", []entry{
		{"cms/README.md", "All systems"},
		{"cms/wordpress.md", "WordPress"},
		{"cms/drupal.md", "Drupal"},
		{"cms/contentful.md", "Contentful"},
		{"cms/sanity.md", "Sanity"},
		{"cms/strapi.md", "Strapi"},
		{"cms/kontent.md", "Kontent.ai"},
		{"cms/directus.md", "Directus"},
		{"cms/ghost.md", "Ghost"},
		{"cms/wagtail.md", "Wagtail"},
		{"cms/other.md", "Others"},
	}},
	{"Content in", []entry{
		{"bake.md", "Bake a live CMS"}, {"export.md", "Export its content"},
	}},
	{"Operate", []entry{
		{"runbook.md", "Runbook"}, {"metrics.md", "Figures and alerts"}, {"traces.md", "Traces"}, {"notices.md", "Notices"}, {"handoff.md", "Hand-off"}, {"previews.md", "Previews"}, {"retention.md", "What is kept"}, {"signing-in.md", "Signing in"}, {"performance.md", "Performance"},
	}},
	{"Reference", []entry{
		{"configuration.md", "Configuration"},
		{"reference/configuration.md", "All keys"},
		{"api.md", "API"},
		{"reference/api.md", "All calls"},
		{"cli.md", "Commands"},
		{"reference/commands.md", "All commands"},
		{"json/diff.txt", "JSON of a comparison"},
		{"json/client.txt", "JSON of commands"},
		{"json/connect.txt", "JSON of hooks and notices"},
		{"json/publish.txt", "JSON of deploys"},
		{"json/serve.txt", "JSON of the set-up"},
		{"json/preview.txt", "JSON of previews"},
		{"json/ledger.txt", "JSON of the ledger's move"},
		{"json/program.txt", "JSON of the program"},
	}},
	{"Decisions", []entry{
		{"decisions/0001-group-commit.md", "Group commit"},
		{"decisions/0002-places-in-line.md", "Places in line"},
		{"decisions/0003-one-dispatch-by-token.md", "One dispatch"},
		{"decisions/0004-silence-is-no-proof.md", "Silence is no proof"},
		{"decisions/0005-no-queue-library.md", "No queue library"},
		{"decisions/0006-lease-at-the-destination.md", "The lease"},
		{"decisions/0007-manifest-instead-of-listing.md", "The manifest"},
		{"decisions/0008-pure-rules.md", "Pure rules"},
		{"decisions/0009-one-snapshot-per-answer.md", "One snapshot"},
		{"decisions/0010-databases.md", "Databases"},
		{"decisions/0011-one-batch-at-a-time.md", "One batch at a time"},
		{"decisions/0012-own-stylesheet.md", "Own stylesheet"},
	}},
}
