package rules

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/pattern"
)

// Address is the address in a rule of a _headers or a _redirects file, which have the same
// syntax. Sources:
// https://developers.cloudflare.com/pages/configuration/headers/,
// https://developers.cloudflare.com/pages/configuration/redirects/,
// https://docs.netlify.com/routing/headers/ and
// https://docs.netlify.com/routing/redirects/redirect-options/.
type Address struct {
	// Path is decoded, without a slash at its start or end. In a pattern a splat is "**" and
	// a placeholder "*", as in Glob.
	Path string
	// Folder says that the address ends in a slash: it is a folder, whatever its name.
	Folder bool
	// Splat and Placeholder say that it is a pattern.
	Splat, Placeholder bool
	// Depends says why no stored file can carry the rule out ("it depends on the host"); ""
	// where it depends on the path alone.
	Depends string
}

var (
	hostAddress = pattern.Of(`(?i)^(https?:)?//[^/]`)
	// placeholder is a colon and a name, anywhere in a path.
	placeholder = pattern.Of(`:[A-Za-z][A-Za-z0-9_]*`)
)

// ParseAddress reads an address; anything else is an error.
func ParseAddress(text string) (a Address, err error) {
	if hostAddress().MatchString(text) {
		a.Depends = "it depends on the host"
		_, rest, _ := strings.Cut(text, "//")
		_, text, _ = strings.Cut(rest, "/")
		text = "/" + text
	}
	if !strings.HasPrefix(text, "/") {
		return a, fmt.Errorf("%q is not a path: expected one that starts with /", text)
	}
	text, _, _ = strings.Cut(text, "#") // servers never see it
	if before, _, ok := strings.Cut(text, "?"); ok {
		text, a.Depends = before, "it depends on the query"
	}
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return a, fmt.Errorf("%q: %w", text, err)
	}
	if !utf8.ValidString(decoded) || strings.ContainsFunc(decoded, unicode.IsControl) || strings.Contains(decoded+"/", "/../") {
		return a, fmt.Errorf("%q is not a path of the site", text)
	}
	a.Folder = strings.HasSuffix(decoded, "/")
	a.Path = strings.TrimPrefix(path.Clean(decoded), "/")
	a.Splat, a.Placeholder = strings.Contains(a.Path, "*"), placeholder().MatchString(a.Path)
	if a.Splat || a.Placeholder {
		a.Path = placeholder().ReplaceAllString(strings.ReplaceAll(a.Path, "*", "**"), "*")
	}
	return a, nil
}

// File is the path of the file that servers serve for an address without a pattern: a
// folder's index page, unless the address has a file's extension. A dot alone is none:
// /docs/v1.2 and /about.us are folders.
func (a Address) File() string {
	if a.Path == "" || a.Folder || !hasFileExtension(a.Path) {
		return path.Join(a.Path, "index.html")
	}
	return a.Path
}

// globs match all files that may answer the address.
func (a Address) globs() []string {
	switch {
	case a.Path == "" || a.Folder:
		return []string{path.Join(a.Path, "index.html")}
	case strings.HasSuffix(a.Path, "**") || (hasFileExtension(a.Path) && !a.Placeholder):
		return []string{a.Path}
	}
	return []string{a.Path, a.Path + ".html", a.Path + "/index.html"}
}

// scriptExtensions are extensions of pages that a server makes: their addresses live on in
// redirects.
var scriptExtensions = set(".php", ".php3", ".phtml", ".asp", ".aspx", ".ashx", ".jsp", ".jspx", ".jsf", ".do", ".action", ".cfm", ".cgi", ".pl", ".nsf", ".xhtm", ".stm")

func hasFileExtension(name string) bool {
	return HasKnownExtension(name) || scriptExtensions[strings.ToLower(path.Ext(name))]
}
