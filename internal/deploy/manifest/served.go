package manifest

import "strings"

// Serves tells whether a build answers a path, as web servers map paths to
// files: itself, its folder's index page, or with .html.
func (t Tree) Serves(name string) bool {
	if name == "" || strings.HasSuffix(name, "/") {
		return t.Has(name + "index.html")
	}
	return t.Has(name) || t.Has(name+"/index.html") || t.Has(name+".html")
}
