package rules

import (
	"path"
	"strings"

	"github.com/pressrun/pressrun/internal/pattern"
)

// Class is the kind of a file, and the phase in which it goes live.
type Class uint8

// The classes, in the order of their phases.
const (
	ClassAsset    Class = iota // loaded by pages: styles, scripts, fonts, images, media
	ClassOther                 // documents and data: PDF, JSON, text
	ClassPage                  // HTML
	ClassRedirect              // from addresses that have moved
	ClassEntry                 // leading to pages: the home page, sitemaps, feeds, service workers
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

var assetExtensions = set(".css", ".js", ".mjs", ".cjs", ".map", ".wasm",
	".woff", ".woff2", ".ttf", ".otf", ".eot",
	".svg", ".png", ".apng", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".jxl", ".heic", ".ico", ".bmp", ".tif", ".tiff",
	".svgz", ".jpe", ".jfif", ".heif", ".avifs", ".cur", ".jp2", ".jxr", ".glb", ".gltf", ".usdz", ".ttc", ".ktx2",
	".m4s", ".ts", ".mpg", ".mpeg", ".3gp", ".mkv", ".avi", ".aac", ".weba", ".mid", ".aiff", ".amr", ".m4b",
	".pf_meta", ".pf_index", ".pf_fragment", ".pf_filter", ".pagefind", // parts of Pagefind's index
	".mp4", ".m4v", ".webm", ".mov", ".ogv", ".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".flac", ".vtt")

var pageExtensions = set(".html", ".htm", ".xhtml")

// entryNames are files that lead readers and robots to pages, or that list the assets which
// a page loads: they go live last, and are revalidated each time.
var entryNames = pattern.Of(`(?i)^(` + strings.Join([]string{
	// Home page.
	`index\.html?`, `index\.xhtml`,
	// Sitemaps (sitemaps.org): also WordPress's wp-sitemap.xml, Yoast's
	// post-sitemap2.xml, sitemap_index.xml, and gzip of them.
	`([a-z0-9]+[-_.])*sitemaps?([-_.]?[a-z0-9]+)*\.(xml|txt)(\.gz)?`,
	// Read first by robots and language models.
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
	// Pagefind: names the newest parts of its index.
	`pagefind-entry\.json`,
}, "|") + `)$`)

// buildLists are lists of assets that only the folder shows to be such.
var buildLists = pattern.Of(`(^|/)_nuxt/builds/(latest|meta/[^/]+)\.json$`)

// sitemapParts are files of any name in a folder of sitemaps.
var sitemapParts = pattern.Of(`(?i)(^|/)sitemaps?/[^/]+\.(xml|txt)(\.gz)?$`)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// entryExtensions are the extensions of entryNames, buildLists and sitemapParts. Matching
// these patterns against all other files would take a third of a deploy's CPU time.
var entryExtensions = set("", ".xml", ".txt", ".gz", ".json", ".jsonfeed", ".feed", ".rss", ".atom", ".js", ".mjs")

// Classify is the class of a path. Feeds and sitemaps are entries in any folder; index.html
// is one only at the root.
func Classify(name string) Class {
	dir, base := path.Split(name)
	ext := strings.ToLower(path.Ext(base))
	switch {
	case pageExtensions[ext] && dir == "" && entryNames().MatchString(base):
		return ClassEntry
	case pageExtensions[ext]:
		return ClassPage
	case entryExtensions[ext] && isEntry(name, base):
		return ClassEntry
	case assetExtensions[ext]:
		return ClassAsset
	}
	return ClassOther
}

func isEntry(name, base string) bool {
	return entryNames().MatchString(base) || buildLists().MatchString(name) || sitemapParts().MatchString(name)
}

// IsPage says whether a path is HTML that a visitor opens.
func IsPage(name string) bool { return pageExtensions[strings.ToLower(path.Ext(name))] }
