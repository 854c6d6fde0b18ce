package address

import (
	"cmp"
	"strings"

	"github.com/pressrun/pressrun/internal/weburl"
)

// Address is an address of the CMS in its normal form: a path that begins with "/",
// and a query with its "?" if there is one. It has no fragment. Of a CMS below a path, it
// counts from there.
type Address string

// Path is the address without its query.
func (a Address) Path() string {
	path, _, _ := strings.Cut(string(a), "?")
	return path
}

// Query is the query without its "?"; "" for none.
func (a Address) Query() string {
	_, query, _ := strings.Cut(string(a), "?")
	return query
}

// Form is how a reference is written.
type Form uint8

// The forms of a reference.
const (
	Relative Form = iota // "a.html", "?page=2", "#top", ""
	Rooted               // "/a.html"
	NoScheme             // "//host/a.html"
	Absolute             // "https://host/a.html"
)

// Target is a resolved reference.
type Target struct {
	Address Address
	// Rest is the reference as it is written, from its path on.
	Rest string
	// Fragment is the reference's, with its "#"; "" for none.
	Fragment string
	Form     Form
	// Same says that the reference is to the document itself: "" or "#top".
	Same bool
}

// Base is the base of a document's references. If its <base> names another host, only
// absolute references lead to the CMS.
type Base struct {
	Address   Address
	elsewhere bool
}

// BaseOf is the base of a document at an address, by the href of its first <base>; ""
// for none (HTML standard, section 4.2.3).
func (o Origin) BaseOf(at Address, href string) Base {
	b := Base{Address: at}
	if href = weburl.Trim(href); href == "" {
		return b
	}
	if scheme, _, ok := weburl.CutScheme(href); ok && scheme != "http" && scheme != "https" {
		return b
	}
	t, ok := o.Follow(b, href)
	if !ok {
		return Base{elsewhere: true}
	}
	return Base{Address: t.Address}
}

// Follow resolves a reference as browsers do (https://url.spec.whatwg.org/#url-parsing
// for http and https). It is false where that leads away from the CMS: to another host, out
// of the path that the CMS is below, or to no host, as "mailto:" does.
func (o Origin) Follow(from Base, ref string) (Target, bool) {
	ref = weburl.Trim(ref)
	if scheme, rest, ok := weburl.CutScheme(ref); ok {
		if scheme != "http" && scheme != "https" {
			return Target{}, false
		}
		if !strings.HasPrefix(strings.ReplaceAll(rest, `\`, "/"), "//") {
			return Target{}, false // "https:a.html" is not in use
		}
		return o.atHost(strings.TrimLeft(rest, `/\`), Absolute)
	}
	switch {
	case len(ref) > 1 && isSlash(ref[0]) && isSlash(ref[1]):
		return o.atHost(strings.TrimLeft(ref, `/\`), NoScheme)
	case from.elsewhere:
		return Target{}, false
	case ref != "" && isSlash(ref[0]):
		return o.parts(ref, ref, Rooted)
	case ref == "" || ref[0] == '#':
		return Target{Address: from.Address, Rest: ref, Fragment: ref, Same: true}, true
	case ref[0] == '?':
		return o.parts(o.below+from.Address.Path()+ref, ref, Relative)
	}
	path := o.below + from.Address.Path()
	return o.parts(path[:strings.LastIndexByte(path, '/')+1]+ref, ref, Relative)
}

// atHost resolves a reference from its host on.
func (o Origin) atHost(s string, form Form) (Target, bool) {
	end := strings.IndexAny(s, `/\?#`)
	if end < 0 {
		end = len(s)
	}
	if plainHost(s[:end]) != o.host { // nor with a user in front, which no link has
		return Target{}, false
	}
	rest := s[end:]
	path := rest
	if path == "" || !isSlash(path[0]) {
		path = "/" + path
	}
	return o.parts(path, rest, form)
}

// Given resolves a path that a person names: its path on the site, or that at the CMS.
func (o Origin) Given(text string) (Target, bool) {
	t, ok := o.Follow(o.BaseOf("/", ""), text)
	if !ok && strings.HasPrefix(text, "/") {
		t, ok = o.Follow(o.BaseOf("/", ""), o.below+text)
	}
	return t, ok
}

// parts makes a target of a whole path, and of the reference as it is written; false if it
// leaves the path that the CMS is below.
func (o Origin) parts(whole, written string, form Form) (Target, bool) {
	t := Target{Rest: written, Form: form}
	if i := strings.IndexByte(whole, '#'); i >= 0 {
		whole, t.Fragment = whole[:i], whole[i:]
	}
	path, query, asks := strings.Cut(whole, "?")
	path, ok := strings.CutPrefix(normalPath(path), o.below)
	if !ok || path != "" && path[0] != '/' {
		return Target{}, false
	}
	t.Address = Address(cmp.Or(path, "/"))
	if asks && query != "" {
		t.Address += Address("?" + encoded(query, " \"<>'"))
	}
	return t, true
}

func isSlash(c byte) bool { return c == '/' || c == '\\' }
