package redirect

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// FileName is the file of redirects that Netlify and Cloudflare Pages read from a
// build. It is read here too, and never published.
const FileName = "_redirects"

// Rule is one rule of a _redirects file that a stored file can carry out.
type Rule struct {
	Line   int
	From   string // path of the site, decoded, without "/" at its start or end
	Folder bool   // the address ends in a slash
	To     string // target: starts with "/" or http(s)://, percent-encoded
	Status int
	Force  bool // wins over a file of the build ("301!")
}

// Skipped is a rule of a _redirects file that is not carried out, with the reason.
type Skipped struct {
	Line   int
	Rule   string // its first fields, for people
	Reason string
}

// String names the rule for people.
func (u Skipped) String() string { return fmt.Sprintf("line %d, %s: %s", u.Line, u.Rule, u.Reason) }

// maxRedirectsLine is the longest rule, in bytes; Cloudflare takes 1,000.
const maxRedirectsLine = 8 << 10

// ParseFile reads a _redirects file: "FROM [NAME=VALUE...] TO [STATUS[!]] [CONDITION...]"
// a line, "#" before a comment. Of two rules for one path the first counts. Rules that no
// stored file can carry out (splats, placeholders, queries, conditions, rewrites) are in
// skipped; a line that is no rule is an error. The default status is 301, as at Netlify, and
// not 302, as at Cloudflare. Sources: Netlify docs, "Redirects and rewrites" and "Redirect
// options"; Cloudflare Pages docs, "Redirects".
func ParseFile(text []byte) (rules []Rule, skipped []Skipped, err error) {
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	lines.Buffer(nil, maxRedirectsLine)
	first := map[string]int{}
	n := 1
	for ; lines.Scan(); n++ {
		fields := ruleFields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		r, why, err := parseRedirect(fields)
		if err != nil {
			return nil, nil, fmt.Errorf("%s line %d: %w", FileName, n, err)
		}
		if line, ok := first[r.Path()]; ok && why == "" {
			why = fmt.Sprintf("line %d has a rule for the same path", line)
		}
		if why != "" {
			skipped = append(skipped, Skipped{n, strings.Join(fields[:min(len(fields), 3)], " "), why})
			continue
		}
		r.Line = n
		first[r.Path()] = n
		rules = append(rules, r)
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("%s line %d is longer than %d bytes: %w", FileName, n, maxRedirectsLine, err)
	}
	return rules, skipped, nil
}

// ruleFields are a line's fields without its comment.
func ruleFields(line string) []string {
	fields := strings.Fields(line)
	if i := slices.IndexFunc(fields, func(f string) bool { return strings.HasPrefix(f, "#") }); i >= 0 {
		return fields[:i]
	}
	return fields
}

var (
	statusField = regexp.MustCompile(`^([1-5][0-9]{2})(!?)$`)
	pairField   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\[\]-]*=`)
)

// parseRedirect reads a rule, or says why it can't be carried out.
func parseRedirect(fields []string) (r Rule, why string, err error) {
	r.Status = 301
	rest := fields[1:]
	if len(rest) > 0 && pairField.MatchString(rest[0]) {
		why = "it depends on the query"
		for len(rest) > 0 && pairField.MatchString(rest[0]) {
			rest = rest[1:]
		}
	}
	if len(rest) == 0 {
		return r, "", fmt.Errorf("%q leads nowhere: expected FROM TO [STATUS]", fields[0])
	}
	to := rest[0]
	for _, field := range rest[1:] {
		status := statusField.FindStringSubmatch(field)
		switch {
		case status != nil:
			r.Status, _ = strconv.Atoi(status[1]) // three digits
			r.Force = status[2] != ""
		case pairField.MatchString(field):
			why = "it depends on who asks"
		default:
			return r, "", fmt.Errorf("%q is neither a status nor a condition", field)
		}
	}
	fromWhy, err := r.from(fields[0])
	if err != nil {
		return r, "", err
	}
	if why = cmp.Or(why, r.ofStatus(), fromWhy); why != "" {
		return r, why, nil
	}
	r.To, err = redirectTarget(to)
	return r, "", err
}

func (r *Rule) ofStatus() string {
	switch r.Status {
	case 301, 302, 303, 307, 308:
		return ""
	case 200:
		return "it is a rewrite and no redirect"
	}
	return fmt.Sprintf("%d is no redirect", r.Status)
}

// from reads the address that is redirected.
func (r *Rule) from(address string) (why string, err error) {
	a, err := rules.ParseAddress(address)
	switch {
	case err != nil:
		return "", err
	case a.Depends != "":
		return a.Depends, nil
	case a.Splat:
		return "it has a splat (*)", nil
	case a.Placeholder:
		return "it has a placeholder (:NAME)", nil
	}
	r.From, r.Folder = a.Path, a.Folder
	return "", nil
}

// maxTarget is the longest target of a website redirect in S3, in bytes
// (PutObject API reference, x-amz-website-redirect-location: 2 KB).
const maxTarget = 2048

// redirectTarget checks a rule's target, and percent-encodes the characters that a header or
// a page must not have.
func redirectTarget(to string) (string, error) {
	local := strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
	u, err := url.Parse(to)
	if err != nil || (!local && ((u.Scheme != "http" && u.Scheme != "https") || u.Host == "")) {
		return "", fmt.Errorf("%q is no address to lead to: expected one that starts with / or https://", to)
	}
	to = u.Scheme + to[len(u.Scheme):] // in lower case, as S3 wants it
	var b strings.Builder
	for i := range len(to) {
		if c := to[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	if b.Len() > maxTarget {
		return "", fmt.Errorf("the address to lead to is longer than %d bytes", maxTarget)
	}
	return b.String(), nil
}
