package discover

import (
	"bytes"
	"strings"
)

// Robots is what a robots.txt says (RFC 9309) that matters to who publishes the site.
type Robots struct {
	// Sitemaps are addresses of sitemaps, as they are written.
	Sitemaps []string
	// ForbidsAll says that no search engine may look at any page, as staging servers have it.
	ForbidsAll bool
	// Cut says that it is larger than MaxRobots: the rest was not read.
	Cut bool
}

// MaxRobots is how much of a robots.txt is read, in bytes: what RFC 9309, section 2.5
// asks of crawlers at least.
const MaxRobots = 500 << 10

// ReadRobots reads a robots.txt.
func ReadRobots(text []byte) Robots {
	var r Robots
	if r.Cut = len(text) > MaxRobots; r.Cut {
		text = text[:MaxRobots]
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	everybody, rules := false, false // the group that is read is about all crawlers; it has rules
	forbids, allows := false, false
	for line := range strings.FieldsFuncSeq(string(text), func(c rune) bool { return c == '\n' || c == '\r' }) {
		line, _, _ = strings.Cut(line, "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "user-agent":
			if rules {
				everybody, rules = false, false // a new group
			}
			everybody = everybody || value == "*"
		case "disallow":
			rules = true
			forbids = forbids || everybody && (value == "/" || value == "/*" || value == "*")
		case "allow":
			rules = true
			allows = allows || everybody && value != ""
		case "sitemap":
			if value != "" && len(r.Sitemaps) < 1000 {
				r.Sitemaps = append(r.Sitemaps, value)
			}
		}
	}
	r.ForbidsAll = forbids && !allows
	return r
}
