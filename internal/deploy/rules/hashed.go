package rules

import (
	"path"
	"strings"
	"unicode"

	"github.com/pressrun/pressrun/internal/pattern"
)

// bundleDirs have only files named by a hash of their content: Next.js, Astro, Nuxt and
// SvelteKit write them.
var bundleDirs = pattern.Of(`(^|/)(_next/static|_astro|_nuxt|_app/immutable)/`)

// bundlerDirs are the folders for pictures and media that bundlers name by a hash. In other
// folders an editor or a CMS names them: an id, a crop or a date may look like a hash
// (wagtail/wagtail#10872, directus/directus#28116).
var bundlerDirs = pattern.Of(`(^|/)(assets|static|_assets|_static|build|dist|bundles?|fonts)(/(media|img|images|fonts|assets))?/[^/]+$`)

// codeExtensions are those of files that only a bundler names.
var codeExtensions = set(".js", ".mjs", ".cjs", ".css", ".map", ".wasm", ".woff", ".woff2")

// IsHashed says whether a file's name surely has a hash of its content, so that it may be
// cached for ever. In doubt it has none: a wrong yes would keep an old file in browsers for
// a year.
func IsHashed(name string) bool {
	if Classify(name) != ClassAsset {
		return false
	}
	if bundleDirs().MatchString(name) {
		return true
	}
	stem := strings.TrimSuffix(path.Base(name), ".map")
	stem = strings.TrimSuffix(stem, path.Ext(stem))
	code := codeExtensions[strings.ToLower(path.Ext(name))]
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

// lastHex matches a stem that ends in lower-case hexadecimal digits, of the lengths to which
// bundlers cut hashes, or of a full hash.
var lastHex = pattern.Of(`^(?:(.*)[-._~])?([0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{20}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$`)

// endsInHex says whether a name ends in a hash in hexadecimal.
func endsInHex(stem string, code bool) bool {
	m := lastHex().FindStringSubmatch(stem)
	if m == nil {
		return false
	}
	before, digits := m[1], m[2]
	switch {
	case dates().MatchString(digits), transitions(digits) < 2:
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

// idBefore matches a text that ends in the first groups of a UUID or of another id.
var idBefore = pattern.Of(`(^|[^0-9a-zA-Z])([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}|[0-9]{9,})$`)

// dates match digits that begin with a date: 20240115, 15012024 or 01152024.
var dates = pattern.Of(`^((19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])|(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])(19|20)[0-9]{2}|(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(19|20)[0-9]{2})`)

// bundlerHash is the hash that Rollup, Vite and esbuild put at the end of a name: 8
// characters in base 64 (https://rollupjs.org/configuration-options/#output-hashcharacters)
// or base 32.
var (
	bundlerHash = pattern.Of(`[-.]([0-9A-Za-z_-]{8})$`)
	base32Hash  = pattern.Of(`^[A-Z2-7]{8}$`)
)

// endsInBundlerHash says whether a name ends in a bundler's hash (index-BxK3a9_z), and not in
// a word or a code (site-Homepage, print-Report24, form-SF1199A1): those have fewer changes
// between kinds of characters.
func endsInBundlerHash(stem string) bool {
	m := bundlerHash().FindStringSubmatch(stem)
	if m == nil || !strings.ContainsAny(m[1], "0123456789") {
		return false
	}
	if base32Hash().MatchString(m[1]) {
		return transitions(m[1]) >= 2
	}
	return strings.ContainsFunc(m[1], unicode.IsUpper) && strings.ContainsFunc(m[1], unicode.IsLower) && transitions(m[1]) >= 3
}

// transitions counts the changes between digits, small letters, capitals and other
// characters in a text.
func transitions(text string) int {
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
