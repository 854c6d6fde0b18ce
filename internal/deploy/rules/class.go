package rules

import (
	"path"
	"strings"

	"github.com/pressrun/pressrun/internal/pattern"
)

// Class says in which phase a file goes live.
type Class uint8

// The classes, in the order of their phases.
const (
	ClassAsset    Class = iota // what pages load: styles, scripts, fonts, images, media
	ClassOther                 // documents and data: PDF, JSON, text
	ClassPage                  // HTML
	ClassRedirect              // what leads on to pages from addresses that have moved
	ClassEntry                 // what leads to pages: the home page, sitemaps, feeds, service workers
)

// String is the name of the class's phase.
func (c Class) String() string {
	switch c {
	case ClassAsset:
		return "assets"
	case ClassOther:
		return "other files"
	case ClassPage:
		return "pages"
	case ClassRedirect:
		return "redirects"
	case ClassEntry:
		return "entry pages"
	}
	return "unknown"
}

var assetEndings = set(".css", ".js", ".mjs", ".cjs", ".map", ".wasm",
	".woff", ".woff2", ".ttf", ".otf", ".eot",
	".svg", ".png", ".apng", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".jxl", ".heic", ".ico", ".bmp", ".tif", ".tiff",
	".svgz", ".jpe", ".jfif", ".heif", ".avifs", ".cur", ".jp2", ".jxr", ".glb", ".gltf", ".usdz", ".ttc", ".ktx2",
	".m4s", ".ts", ".mpg", ".mpeg", ".3gp", ".mkv", ".avi", ".aac", ".weba", ".mid", ".aiff", ".amr", ".m4b",
	".pf_meta", ".pf_index", ".pf_fragment", ".pf_filter", ".pagefind", // parts of Pagefind's index
	".mp4", ".m4v", ".webm", ".mov", ".ogv", ".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".flac", ".vtt")

var pageEndings = set(".html", ".htm", ".xhtml")

// entryNames are files that send readers and robots to pages, or that decide which
// assets a page loads: they go last of all, and are asked for again each time. Each
// line says who uses the names.
var entryNames = pattern.Of(`(?i)^(` + strings.Join([]string{
	// Home page.
	`index\.html?`, `index\.xhtml`,
	// Sitemaps (sitemaps.org): also WordPress's wp-sitemap.xml, Yoast's
	// post-sitemap2.xml, sitemap_index.xml, and gzip of them.
	`([a-z0-9]+[-_.])*sitemaps?([-_.]?[a-z0-9]+)*\.(xml|txt)(\.gz)?`,
	// What robots and language models read first.
	`robots\.txt`, `llms(-full)?\.txt`, `ads\.txt`, `app-ads\.txt`,
	// Feeds: of Hugo (index.xml), WordPress (feed, rss2), Eleventy, Astro, MkDocs, Jekyll, Pelican
	// (feeds/all.atom.xml).
	`index\.(xml|rss|atom|json\.?feed)`, `[^/]+\.(rss|atom)\.xml`, `(feed|rss|rss2|atom|podcast)([-_][a-z0-9]+)*(\.(xml|json|rss|atom))?`, `[^/]*\.(rss|atom)`,
	// Service workers: sw.js, service-worker.js, ngsw-worker.js, firebase-messaging-sw.js,
	// pwabuilder-sw.js, sw-v2.js, sw.1.js, OneSignalSDKWorker.js, flutter_service_worker.js, superpwa-sw.js.
	`([a-z0-9]+[-_.])*(sw|service[-_]?worker|ngsw-worker|safety-worker)([-_.](min|prod|dev|v?[0-9]+(\.[0-9]+)*))*\.m?js`, `worker-basic(\.min)?\.js`,
	`OneSignalSDK(Updater)?(Worker|\.sw)\.js`, `push-?worker\.js`, `precache-manifest(\.[0-9a-z]+)?\.js`,
	// Lists by which a page or worker finds its assets: Angular, VitePress, Nuxt,
	// SvelteKit, Create React App, Flutter, Gatsby, Quasar, Blazor.
	`ngsw\.json`, `hashmap\.json`, `asset-manifest\.json`, `version\.json`, `(app-data|chunk-map)\.json`, `flutter(_bootstrap)?\.js`,
	`service-worker-assets\.js`, `blazor\.boot\.json`,
	// Pagefind: which of the parts of its index, that are named by their content, is the newest.
	`pagefind-entry\.json`,
}, "|") + `)$`)

// buildLists are such lists whose name alone says little.
var buildLists = pattern.Of(`(^|/)_nuxt/builds/(latest|meta/[^/]+)\.json$`)

// sitemapParts are sitemaps that lie in a folder of them, under any name.
var sitemapParts = pattern.Of(`(?i)(^|/)sitemaps?/[^/]+\.(xml|txt)(\.gz)?$`)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// entryEndings are the endings that a name of entryNames, buildLists or sitemapParts
// can have: no other file needs to be held against them, which would take a third of a
// deploy's CPU time.
var entryEndings = set("", ".xml", ".txt", ".gz", ".json", ".jsonfeed", ".feed", ".rss", ".atom", ".js", ".mjs")

// Classify tells the class of a path. Feeds and sitemaps are entries in any
// folder; index.html is one only at the root, since elsewhere it is an ordinary
// page with a tidy address.
func Classify(name string) Class {
	dir, base := path.Split(name)
	ext := strings.ToLower(path.Ext(base))
	switch {
	case pageEndings[ext] && dir == "" && entryNames().MatchString(base):
		return ClassEntry
	case pageEndings[ext]:
		return ClassPage
	case entryEndings[ext] && isEntry(name, base):
		return ClassEntry
	case assetEndings[ext]:
		return ClassAsset
	}
	return ClassOther
}

// isEntry says whether a file that is no page is an entry by its name: a folder's own
// feed, as feed/index.xml, is one everywhere.
func isEntry(name, base string) bool {
	return entryNames().MatchString(base) || buildLists().MatchString(name) || sitemapParts().MatchString(name)
}

// IsPage says whether a path is HTML that a visitor opens.
func IsPage(name string) bool { return pageEndings[strings.ToLower(path.Ext(name))] }
