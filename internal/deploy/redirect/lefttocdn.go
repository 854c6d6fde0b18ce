package redirect

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// LeftToCDN says of a path whether a rule of a _redirects file answers it that no stored
// file can carry out: a splat, a placeholder, a rewrite. The CDN may answer such a path, so
// a link to it does not count as dead. Lines that are no rules are ignored.
func LeftToCDN(text []byte) func(name string) bool {
	l := left{exact: map[string]bool{}, below: map[string]bool{}, patterns: map[string][]*regexp.Regexp{}}
	for line := range strings.Lines(string(text)) {
		fields := ruleFields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[0], "/") {
			continue
		}
		r, why, err := parseRedirect(fields)
		if err != nil || why == "" || r.Status >= 400 {
			continue
		}
		from, _, _ := strings.Cut(fields[0], "?")
		if address, err := rules.ParseAddress(from); err == nil {
			l.add(address.Path)
		}
	}
	return l.has
}

// left are the addresses of rules, indexed: a site may have a hundred thousand, and many
// links.
type left struct {
	exact    map[string]bool
	below    map[string]bool             // "/blog/*" answers /blog too (Netlify docs, "Redirect options")
	patterns map[string][]*regexp.Regexp // all others, by their first name; "" where that is a pattern
}

const wild = "*?"

func (l *left) add(pattern string) {
	folder, splat := strings.CutSuffix(pattern, "/**")
	switch {
	case pattern == "": // the home page alone
		return
	case !strings.ContainsAny(pattern, wild):
		l.exact[pattern] = true
		return
	case splat && !strings.ContainsAny(folder, wild):
		l.below[folder] = true
		return
	}
	re, err := rules.Glob(pattern)
	if err != nil {
		return
	}
	first, _, below := strings.Cut(pattern, "/")
	if !below || strings.ContainsAny(first, wild) {
		first = ""
	}
	l.patterns[first] = append(l.patterns[first], re)
}

func (l *left) has(name string) bool {
	name = strings.TrimSuffix(name, "/")
	if l.exact[name] {
		return true
	}
	for folder := name; folder != "." && folder != "/"; folder = path.Dir(folder) {
		if l.below[folder] {
			return true
		}
	}
	matches := func(re *regexp.Regexp) bool { return re.MatchString(name) || re.MatchString(name+"/") }
	first, _, _ := strings.Cut(name, "/")
	return slices.ContainsFunc(l.patterns[first], matches) || slices.ContainsFunc(l.patterns[""], matches)
}
