package links

import (
	"path"
	"strings"

	"github.com/pressrun/pressrun/internal/weburl"
)

// location is a resolved URL: a path of the site's host, or elsewhere.
type location struct {
	path string // begins with "/", percent-encoded
	// rooted says that the path was given from the host's root, and not from the page.
	rooted    bool
	elsewhere bool // another host, or no host's file at all (mailto:)
}

// follow resolves a URL against its base, as the URL standard does for http and https
// (https://url.spec.whatwg.org/#concept-basic-url-parser). same says whether a host is the
// site's own.
func (from location) follow(target string, same func(host string) bool) location {
	target = weburl.Trim(target)
	if scheme, rest, ok := weburl.CutScheme(target); ok {
		if scheme != "http" && scheme != "https" {
			return location{elsewhere: true}
		}
		return atHost(strings.TrimLeft(rest, `/\`), same)
	}
	target = cutQuery(target)
	switch {
	case len(target) > 1 && strings.HasPrefix(target, "//"):
		return atHost(strings.TrimLeft(target, "/"), same)
	case strings.HasPrefix(target, "/"):
		return location{path: target, rooted: true, elsewhere: from.elsewhere}
	case from.elsewhere || target == "":
		return from
	}
	return location{path: from.path[:strings.LastIndexByte(from.path, '/')+1] + target, rooted: from.rooted}
}

// cutQuery cuts off a URL's query and fragment, and makes backslashes slashes.
func cutQuery(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	return strings.ReplaceAll(s, `\`, "/")
}

// atHost is the location of a host and a path.
func atHost(s string, same func(host string) bool) location {
	s = cutQuery(s)
	host, rest, _ := strings.Cut(s, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if !same(plainHost(host)) {
		return location{elsewhere: true}
	}
	return location{path: "/" + rest, rooted: true}
}

// plainHost is a host in lower case, without a default port.
func plainHost(host string) string {
	host = strings.ToLower(host)
	for _, port := range []string{":443", ":80", ":"} {
		if bare, ok := strings.CutSuffix(host, port); ok {
			return bare
		}
	}
	return host
}

// clean resolves the dots of a path, as browsers do, and its percent-encoding, as web
// servers do. It keeps a slash at the end.
func clean(encoded string) string {
	if !strings.Contains(encoded, "%") && !strings.Contains(encoded, "/.") && !strings.Contains(encoded, "//") {
		return strings.TrimPrefix(encoded, "/")
	}
	var parts []string
	folder := false
	for part := range strings.SplitSeq(encoded, "/") {
		part = decode(part)
		folder = part == "" || part == "." || part == ".."
		switch {
		case part == "..":
			parts = parts[:max(0, len(parts)-1)]
		case !folder:
			parts = append(parts, part)
		}
	}
	name := path.Join(parts...)
	if folder && name != "" {
		name += "/"
	}
	return name
}

// decode resolves percent-encoding, and keeps invalid encodings, as the URL standard does.
func decode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if b, ok := weburl.HexByte(s[i:]); ok {
			out = append(out, b)
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}
