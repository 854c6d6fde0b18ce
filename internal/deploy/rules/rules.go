package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Default caching. A hashed name never changes content; a page is asked for
// again each time by browsers (a 304 when unchanged), while shared caches keep
// it for a minute and may serve it a day longer as they fetch a new one.
const (
	CacheHashed = "public, max-age=31536000, immutable"
	CachePage   = "public, max-age=0, s-maxage=60, stale-while-revalidate=86400"
	CacheAsset  = "public, max-age=3600, stale-while-revalidate=86400"
	CacheOther  = "public, max-age=300, stale-while-revalidate=86400"
	CacheNever  = "no-store"
)

// HeaderRule sets headers on the paths that match. Match is a glob over the
// path from the site's root: * within a folder, ** across folders, ? one
// character. An empty value removes a default header.
type HeaderRule struct {
	Match string            `json:"match"`
	Set   map[string]string `json:"set"`
}

// Rules decide the headers of every file, which are compressed, and which are left out. The
// zero value gives the defaults.
type Rules struct {
	Headers  []HeaderRule   `json:"headers,omitempty"`  // later rules win, header by header
	Compress []CompressRule `json:"compress,omitempty"` // later rules win
	// Exclude are globs of files that are not published; "!" before one publishes files that
	// would be left out.
	Exclude []string `json:"exclude,omitempty"`

	compiled []*regexp.Regexp
	compress []*regexp.Regexp
	excluded []*regexp.Regexp // in the places of Exclude
	included []*regexp.Regexp // in the places of Exclude; nil for a glob without "!"
	known    map[string]store.Headers
}

// storable are the headers that S3 keeps with an object.
var storable = set("content-type", "cache-control", "content-encoding", "content-disposition", "content-language",
	store.RedirectHeader, "x-amz-storage-class", "x-amz-server-side-encryption",
	"x-amz-server-side-encryption-aws-kms-key-id", "x-amz-tagging")

// ParseRules reads rules as JSON: {"headers": [{"match": GLOB, "set": {...}}],
// "compress": [{"match": GLOB, "encoding": "gzip"}], "exclude": [GLOB, ...]}.
func ParseRules(text []byte) (Rules, error) {
	var rules Rules
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rules); err != nil {
		return Rules{}, err
	}
	if decoder.More() {
		return Rules{}, errors.New("there is more after the rules' end")
	}
	_, err := rules.Compile()
	return rules, err
}

// Compile checks the rules and makes them ready for use by HeadersFor.
func (r Rules) Compile() (Rules, error) {
	var err error
	if r.compress, err = r.compileCompress(); err != nil {
		return r, err
	}
	if r.excluded, r.included, err = r.compileExclude(); err != nil {
		return r, err
	}
	r.compiled = make([]*regexp.Regexp, 0, len(r.Headers))
	r.known = map[string]store.Headers{}
	for i, rule := range r.Headers {
		re, err := Glob(rule.Match)
		if err != nil {
			return r, fmt.Errorf("header rule %d: %w", i+1, err)
		}
		r.compiled = append(r.compiled, re)
		for name := range rule.Set {
			lower := strings.ToLower(name)
			if !storable[lower] && !strings.HasPrefix(lower, "x-amz-meta-") {
				return r, fmt.Errorf("header rule %d (%s): %s can't be kept with a stored file: set it at the CDN, or name it x-amz-meta-%s", i+1, rule.Match, name, lower)
			}
		}
		if _, err := store.NewHeaders(rule.Set); err != nil {
			return r, fmt.Errorf("header rule %d (%s): %w", i+1, rule.Match, err)
		}
	}
	return r, nil
}

// HeadersFor returns the headers of a path: the defaults, then every matching
// rule in order. Rules must be compiled.
func (r Rules) HeadersFor(name string) (store.Headers, error) {
	if r.known == nil {
		return "", errors.New("header rules are not compiled")
	}
	set := map[string]string{"content-type": ContentType(name), "cache-control": DefaultCacheControl(name)}
	id := set["content-type"] + "\n" + set["cache-control"]
	for i, re := range r.compiled {
		if !re.MatchString(name) {
			continue
		}
		id += fmt.Sprintf("\n%d", i)
		for header, value := range r.Headers[i].Set {
			set[strings.ToLower(header)] = value
		}
	}
	// Sites have thousands of files and a handful of header sets: each set is
	// built once and its string shared.
	if h, ok := r.known[id]; ok {
		return h, nil
	}
	h, err := store.NewHeaders(set)
	if err != nil {
		return "", err
	}
	r.known[id] = h
	return h, nil
}

// DefaultCacheControl is the Cache-Control of a path that no rule sets.
func DefaultCacheControl(name string) string {
	switch Classify(name) {
	case ClassAsset:
		if IsHashed(name) {
			return CacheHashed
		}
		return CacheAsset
	case ClassPage, ClassEntry:
		return CachePage
	case ClassOther, ClassRedirect:
	}
	return CacheOther
}

// Glob turns a path pattern into a regular expression over the whole path:
// * and ? stay within a folder, ** crosses folders, "**/" also matches nothing.
func Glob(pattern string) (*regexp.Regexp, error) {
	pattern = strings.TrimPrefix(pattern, "/")
	if pattern == "" {
		return nil, errors.New("a pattern is empty")
	}
	var b strings.Builder
	b.WriteString(`\A`)
	for rest := pattern; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString(`(?:.*/)?`)
			rest = rest[3:]
		case strings.HasPrefix(rest, "**"):
			b.WriteString(`.*`)
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString(`[^/]*`)
			rest = rest[1:]
		case rest[0] == '?':
			b.WriteString(`[^/]`)
			rest = rest[1:]
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
			rest = rest[1:]
		}
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(`(?s)` + b.String())
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return re, nil
}
