package redirect

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// LeftToCDN lists the paths that are answered by rules of a _redirects file that no
// stored file can carry out: splats, placeholders, rewrites. What they lead to is the
// CDN's affair, so a link there is not taken for a dead one. Text that is no _redirects
// file answers nothing.
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

// left are the addresses of rules, each where it is quickly found: a site may have a
// hundred thousand, and many links to ask about.
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
