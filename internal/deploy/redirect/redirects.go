package redirect

import (
	"fmt"
	"html"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// statusHeader has the status of a redirect, if that is not 301; locationHeader the target
// of a redirect that S3 does not answer itself.
const (
	statusHeader   = "x-amz-meta-redirect-status"
	locationHeader = "x-amz-meta-redirect-location"
)

// maxMetadata is the longest target that is kept as metadata, in bytes: S3 takes 2 KB of
// metadata for an object, and header rules need some.
const maxMetadata = 1024

// Path is the path of the redirect's file: the page that servers serve for the address, so
// that one file suits a bucket and a folder.
func (r Rule) Path() string {
	return rules.Address{Path: r.From, Folder: r.Folder}.File()
}

// Page is the file's content, a page that redirects by itself where the server does not (a
// folder, a bucket's REST endpoint behind a CDN).
func (r Rule) Page() []byte {
	to := html.EscapeString(r.To)
	return fmt.Appendf(nil, `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Moved</title>
<link rel="canonical" href="%s"><meta http-equiv="refresh" content="0; url=%s"></head>
<body><p>This page has moved: <a href="%s">%s</a></p></body></html>
`, to, to, to, to)
}

// Permanent says whether S3 may answer the redirect, with 301. Browsers may cache that for
// ever, so a temporary redirect is left to the page.
func (r Rule) Permanent() bool {
	return r.Status == 301 || r.Status == 308
}

// Headers are the headers of the file; ruled are those of its path by the rules.
func (r Rule) Headers(ruled store.Headers) (store.Headers, error) {
	set := map[string]string{}
	for name, value := range ruled.All() {
		set[name] = value
	}
	if set["cache-control"] == rules.DefaultCacheControl(r.Path()) {
		set["cache-control"] = rules.CachePage // not that of the replaced file
	}
	set["content-type"] = rules.ContentType("index.html")
	delete(set, "content-encoding")
	delete(set, "content-disposition")
	if r.Status != 301 {
		set[statusHeader] = fmt.Sprint(r.Status)
	}
	if r.Permanent() {
		set[store.RedirectHeader] = r.To
	} else if len(r.To) <= maxMetadata {
		set[locationHeader] = r.To
	}
	return store.NewHeaders(set)
}

// IsRedirect says whether headers are those of a redirect.
func IsRedirect(h store.Headers) bool {
	return h.Get(store.RedirectHeader) != "" || h.Get(statusHeader) != ""
}

// Target is the target and status in a redirect's headers; "" for the headers of another
// file, or of a redirect that is too long for them.
func Target(h store.Headers) (to string, status int) {
	status, err := strconv.Atoi(h.Get(statusHeader))
	to = h.Get(store.RedirectHeader)
	switch {
	case to != "" && err != nil:
		return to, 301
	case err != nil:
		return "", 0
	case to == "":
		to = h.Get(locationHeader)
	}
	return to, status
}

// Resolve decides which rules become files of the release, beside the files of the build.
// In a folder, without headers, only a file with the extension of a page can redirect.
func Resolve(rs []Rule, tree manifest.Tree, folder bool) (made []Rule, skipped []Skipped) {
	taken := map[string]bool{} // files, and folders as "name/"
	take := func(name string) {
		taken[name] = true
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			taken[dir+"/"] = true
		}
	}
	for _, f := range tree.Files {
		take(f.Path)
	}
	for _, r := range rs {
		name := r.Path()
		why := ""
		switch {
		case len(name) > store.MaxKey:
			why = fmt.Sprintf("its path is longer than %d bytes", store.MaxKey)
		case name == manifest.MarkerPath:
			why = "Pressrun itself writes that file"
		case folder && !rules.IsPage(name):
			why = "a folder can only redirect from a page"
		case taken[name] && !r.Force:
			why = "the build has a file there, which wins (write " + fmt.Sprint(r.Status) + "! to let the redirect win)"
		case !r.Force && tree.Serves(r.From):
			why = "the build has a page there, which wins (write " + fmt.Sprint(r.Status) + "! to let the redirect win)"
		case taken[name+"/"] || below(taken, name):
			why = "a file and a folder can't have one name"
		}
		if why != "" {
			skipped = append(skipped, Skipped{r.Line, "/" + r.From + " " + r.To, why})
			continue
		}
		take(name)
		made = append(made, r)
	}
	return withoutLoops(made, tree, skipped)
}

// withoutLoops leaves out redirects that lead into a loop.
func withoutLoops(made []Rule, tree manifest.Tree, skipped []Skipped) ([]Rule, []Skipped) {
	at := make(map[string]Rule, len(made))
	for _, r := range made {
		at[r.Path()] = r
	}
	there := func(name string) bool {
		_, redirect := at[name]
		return redirect || tree.Has(name)
	}
	ends := map[string]bool{} // whether redirects from a file end, by its path
	out := made[:0]
	for _, r := range made {
		passed := map[string]bool{}
		here, ok := r, true
		for ok && !passed[here.Path()] {
			if _, known := ends[here.Path()]; known {
				break
			}
			passed[here.Path()] = true
			target, _ := TargetFile(here.To, there)
			here, ok = at[target]
		}
		end := !ok || ends[here.Path()]
		for name := range passed {
			ends[name] = end
		}
		if !end {
			skipped = append(skipped, Skipped{r.Line, "/" + r.From + " " + r.To, "it leads in a circle"})
			continue
		}
		out = append(out, r)
	}
	return out, skipped
}

// Dangling are the redirects to addresses of the site at which the build has no file.
func Dangling(made []Rule, tree manifest.Tree) []Rule {
	var out []Rule
	for _, r := range made {
		_, ok := TargetFile(r.To, tree.Has)
		if !ok && strings.HasPrefix(r.To, "/") {
			out = append(out, r)
		}
	}
	return out
}

// below says whether a name is below one of a file.
func below(taken map[string]bool, name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if taken[dir] {
			return true
		}
	}
	return false
}

// WithRedirects is a tree with the files of redirects, which replace those of the build.
func WithRedirects(t manifest.Tree, made []Rule) manifest.Tree {
	at := make(map[string]bool, len(made))
	files := make([]manifest.File, 0, len(t.Files)+len(made))
	for _, r := range made {
		at[r.Path()] = true
		put := store.SmallPut(r.Path(), "", r.Page(), store.Condition{})
		files = append(files, manifest.File{Path: put.Key, Size: put.Size, Sum: put.Sum, CRC: put.CRC, Redirect: true})
	}
	for _, f := range t.Files {
		if !at[f.Path] {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	t.Files = files
	return t
}
