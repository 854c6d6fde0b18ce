package rules

import (
	"path"
	"regexp"
	"strings"
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
	".mp4", ".m4v", ".webm", ".mov", ".ogv", ".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".flac", ".vtt")

var pageEndings = set(".html", ".htm", ".xhtml")

// entryNames are files that send readers and robots to pages, or (a service
// worker) that decide which assets a page loads. They go last of all.
var entryNames = regexp.MustCompile(`^(index\.html?|sitemap[^/]*\.xml|robots\.txt|rss\.xml|atom\.xml|feed\.xml|feed\.json|[^/]*\.(rss|atom)|sw\.js|service-worker\.js)$`)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// Classify tells the class of a path. Feeds and sitemaps are entries in any
// folder; index.html is one only at the root, since elsewhere it is an ordinary
// page with a tidy address.
func Classify(name string) Class {
	dir, base := path.Split(name)
	if entryNames.MatchString(base) && (dir == "" || !strings.HasPrefix(base, "index.")) {
		return ClassEntry
	}
	ext := strings.ToLower(path.Ext(base))
	switch {
	case pageEndings[ext]:
		return ClassPage
	case assetEndings[ext]:
		return ClassAsset
	}
	return ClassOther
}

// IsPage tells whether a path is HTML that a visitor opens.
func IsPage(name string) bool { return pageEndings[strings.ToLower(path.Ext(name))] }

var (
	hexHash    = regexp.MustCompile(`[-._~]([0-9a-f]{8,64})(?:[-.~]|$)|^([0-9a-f]{16,64})(?:\.|$)`)
	bundleHash = regexp.MustCompile(`[-.]([0-9A-Za-z_-]{8})$`)
	// bundleDirs hold nothing but files named by their content: Next.js, Astro,
	// Nuxt and SvelteKit write them.
	bundleDirs = regexp.MustCompile(`(^|/)(_next/static|_astro|_nuxt|_app/immutable)/`)
)

// IsHashed tells whether a file's name changes with its content, so that it may
// be cached for ever. It errs on the side of no: a date (20241231) or a camera's
// name (DSC01234) is no hash, since a wrong yes would pin an old file in
// browsers for a year.
func IsHashed(name string) bool {
	if Classify(name) != ClassAsset {
		return false
	}
	if bundleDirs.MatchString(name) {
		return true
	}
	base := path.Base(name)
	stem := strings.TrimSuffix(base, ".map")
	stem = strings.TrimSuffix(stem, path.Ext(stem))
	for _, m := range hexHash.FindAllStringSubmatch(stem, -1) {
		if h := m[1] + m[2]; strings.ContainsAny(h, "0123456789") && strings.ContainsAny(h, "abcdef") {
			return true
		}
	}
	switch strings.ToLower(path.Ext(base)) {
	case ".js", ".mjs", ".css", ".map", ".woff2", ".woff", ".wasm":
		m := bundleHash.FindStringSubmatch(stem)
		return m != nil && mixed(m[1])
	}
	return false
}

// mixed tells a bundler's base-64 or base-32 hash (index-BxK3a9_z) from a word
// (site-homepage): digits and capitals both.
func mixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
