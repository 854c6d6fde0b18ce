package redirect

import (
	"net/url"
	"path"
	"strings"
)

// TargetFile is the file of the site that an address leads to; false for an address of
// another host or without a file. there says whether a file exists.
func TargetFile(to string, there func(path string) bool) (string, bool) {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		return "", false
	}
	to, _, _ = strings.Cut(to, "#")
	to, _, _ = strings.Cut(to, "?")
	decoded, err := url.PathUnescape(to)
	if err != nil {
		return "", false
	}
	name := strings.TrimPrefix(path.Clean(decoded), "/")
	candidates := []string{name, path.Join(name, "index.html"), name + ".html"}
	if name == "" || strings.HasSuffix(decoded, "/") {
		candidates = candidates[1:2]
	}
	for _, c := range candidates {
		if there(c) {
			return c, true
		}
	}
	return "", false
}
