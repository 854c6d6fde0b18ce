package manifest

import (
	"path"
	"strings"
)

// Serves says whether a build answers a path, as web servers map paths to
// files: itself, its folder's index page, or with .html.
func (t Tree) Serves(name string) bool {
	if name == "" || strings.HasSuffix(name, "/") {
		return t.Has(name + "index.html")
	}
	return t.Has(name) || t.Has(name+"/index.html") || t.Has(name+".html")
}

// Addresses are the paths at which web servers give a file, itself first: a folder's
// index page also as the folder, with and without its slash ("" at the root), and,
// where addresses are clean, a page without its ending.
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
