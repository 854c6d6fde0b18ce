package manifest

import (
	"path"
	"strings"
)

// Serves says whether a web server finds a file of the build for a path: the path itself,
// its folder's index page, or the path with .html.
func (t Tree) Serves(name string) bool {
	if name == "" || strings.HasSuffix(name, "/") {
		return t.Has(name + "index.html")
	}
	return t.Has(name) || t.Has(name+"/index.html") || t.Has(name+".html")
}

// Addresses are the paths at which web servers serve a file, its own first: a folder's
// index page also at the folder, with and without its slash ("" at the root), and, with
// clean URLs, a page without its extension.
func Addresses(name string, clean bool) []string {
	dir, file := path.Split(name)
	switch {
	case name == "index.html":
		return []string{name, ""}
	case file == "index.html":
		return []string{name, dir, strings.TrimSuffix(dir, "/")}
	case clean && strings.HasSuffix(file, ".html") && file != ".html":
		return []string{name, strings.TrimSuffix(name, ".html")}
	}
	return []string{name}
}
