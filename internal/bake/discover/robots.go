package discover

import (
	"bytes"
	"strings"
)

// Robots has the parts of a robots.txt (RFC 9309) that matter for publishing the site.
type Robots struct {
	// Sitemaps are addresses of sitemaps, as they are written.
	Sitemaps []string
	// ForbidsAll says that no search engine may read any page, as on staging servers.
	ForbidsAll bool
	// Cut says that it is larger than maxRobots: the rest was not read.
	Cut bool
}

// maxRobots bounds the bytes of a robots.txt that are read: RFC 9309, section 2.5 lets
// crawlers read no fewer.
const maxRobots = 500 << 10

// ReadRobots reads a robots.txt.
func ReadRobots(text []byte) Robots {
	var r Robots
	if r.Cut = len(text) > maxRobots; r.Cut {
		text = text[:maxRobots]
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
