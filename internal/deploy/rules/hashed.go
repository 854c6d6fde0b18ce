package rules

import (
	"path"
	"strings"
	"unicode"

	"github.com/pressrun/pressrun/internal/pattern"
)

// bundleDirs hold nothing but files named by their content: Next.js, Astro, Nuxt and
// SvelteKit write them.
var bundleDirs = pattern.Of(`(^|/)(_next/static|_astro|_nuxt|_app/immutable)/`)

// bundlerDirs are where bundlers put pictures and media that they named by content.
// Elsewhere a picture's name is an editor's or a CMS's: what looks like a hash may be
// an id, a crop or a date (wagtail/wagtail#10872, directus/directus#28116).
var bundlerDirs = pattern.Of(`(^|/)(assets|static|_assets|_static|build|dist|bundles?|fonts)(/(media|img|images|fonts|assets))?/[^/]+$`)

// codeEndings are files that only a bundler names.
var codeEndings = set(".js", ".mjs", ".cjs", ".css", ".map", ".wasm", ".woff", ".woff2")

// IsHashed says whether a file's name surely changes with its content, so that it
// may be cached for ever. It errs on the side of no: a wrong yes would pin an old
// file in browsers for a year.
func IsHashed(name string) bool {
	if Classify(name) != ClassAsset {
		return false
	}
	if bundleDirs().MatchString(name) {
		return true
	}
	stem := strings.TrimSuffix(path.Base(name), ".map")
	stem = strings.TrimSuffix(stem, path.Ext(stem))
	code := codeEndings[strings.ToLower(path.Ext(name))]
	if !code && !bundlerDirs().MatchString(name) {
		return false
	}
	if code {
		for _, mode := range []string{".min", ".module", ".chunk", ".bundle", "-min"} {
			stem = strings.TrimSuffix(stem, mode)
		}
	}
	return endsInHex(stem, code) || (code && endsInBundlerHash(stem))
}

// lastHex is a stem that ends in hexadecimal digits of one case, with what is before
// them. The lengths are those that bundlers cut hashes to, and whole hashes.
var lastHex = pattern.Of(`^(?:(.*)[-._~])?([0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{20}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$`)

// endsInHex says whether a name ends in a hash in hexadecimal.
func endsInHex(stem string, code bool) bool {
	m := lastHex().FindStringSubmatch(stem)
	if m == nil {
		return false
	}
	before, digits := m[1], m[2]
	switch {
	case isDate(digits), switches(digits) < 2:
		return false // a date, an id with a letter, a word with a number
	case idBefore().MatchString(before):
		return false // the last group of a UUID, or of an id of several parts
	case before == "":
		return code && len(digits) >= 16 // a name that is nothing else may be an id
	case !code && len(digits) > 20:
		return false // 32 digits are a UUID's too
	}
	return true
}

// idBefore ends as the front of a UUID does, or of another id in groups of digits.
var idBefore = pattern.Of(`(^|[^0-9a-zA-Z])([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}|[0-9]{9,})$`)

// isDate says whether digits begin as a day does: 20240115, 15012024 or 2024-01-15
// without its signs.
func isDate(digits string) bool { return dates().MatchString(digits) }

var dates = pattern.Of(`^((19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])|(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])(19|20)[0-9]{2}|(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(19|20)[0-9]{2})`)

// bundlerHash is what Rollup, Vite and esbuild put at the end of a name: 8 characters
// in base 64 (https://rollupjs.org/configuration-options/#output-hashcharacters) or
// base 32.
var (
	bundlerHash = pattern.Of(`[-.]([0-9A-Za-z_-]{8})$`)
	base32Hash  = pattern.Of(`^[A-Z2-7]{8}$`)
)

// endsInBundlerHash tells a bundler's hash (index-BxK3a9_z) from words and codes
// (site-Homepage, print-Report24, form-SF1199A1): it changes between kinds of
// characters too often.
func endsInBundlerHash(stem string) bool {
	m := bundlerHash().FindStringSubmatch(stem)
	if m == nil || !strings.ContainsAny(m[1], "0123456789") {
		return false
	}
	if base32Hash().MatchString(m[1]) {
		return switches(m[1]) >= 2
	}
	return strings.ContainsFunc(m[1], unicode.IsUpper) && strings.ContainsFunc(m[1], unicode.IsLower) && switches(m[1]) >= 3
}

// switches counts how often a text changes between digits, small letters, capitals
// and signs.
func switches(text string) int {
	n := 0
	for i := 1; i < len(text); i++ {
		if kindOf(text[i]) != kindOf(text[i-1]) {
			n++
		}
	}
	return n
}

func kindOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return 0
	case c >= 'a' && c <= 'z':
		return 1
	case c >= 'A' && c <= 'Z':
		return 2
	}
	return 3
}
