package links

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/weburl"
)

// Address is the public address of a site. The zero value is the root of an unknown host.
type Address struct {
	host string // of the public address; "" for unknown
	root string // the site's folder in it: "" or "docs/"
	// mounts are the folders that the site may have on an unknown host:
	// "preview/acme/main/", "acme/main/", "main/".
	mounts []string
}

// NewAddress is the address of a site with this public URL. Without one, destination is the
// site's path in its bucket or on its machine: the host may serve the site at that path, or
// at any end of it.
func NewAddress(publicURL, destination string) Address {
	if u, err := url.Parse(publicURL); err == nil && u.Host != "" {
		root := clean(u.EscapedPath())
		return Address{host: plainHost(u.Host), root: withSlash(root)}
	}
	var a Address
	for rest := strings.Trim(destination, "/"); rest != ""; {
		a.mounts = append(a.mounts, rest+"/")
		_, rest, _ = strings.Cut(rest, "/")
	}
	return a
}

func withSlash(folder string) string {
	if folder == "" || strings.HasSuffix(folder, "/") {
		return folder
	}
	return folder + "/"
}

// sitePath is the path in the site that a reference names.
type sitePath struct {
	// name is the path from the site's root: "news/", "a.css".
	name string
	// mounted are the paths if the host serves the site in one of its mounts.
	mounted []string
	// outside says that the reference leads out of the site if that is in a mount.
	outside bool
}

// any says whether is holds for one of the possible paths.
func (p sitePath) any(is func(name string) bool) bool {
	return is(p.name) || slices.ContainsFunc(p.mounted, is)
}

// document resolves the references of one page.
type document struct {
	address Address
	read    *pageReferences
	plain   location // of the page
	based   location // of its <base>
}

// document is a page of the site, by its path.
func (a Address) document(name string, p *pageReferences) document {
	at := location{path: "/" + encode(a.root+name)}
	d := document{address: a, read: p, plain: at, based: at}
	if p.baseHref == "" {
		return d
	}
	// A data: or javascript: URL is ignored (HTML standard, section 4.2.3).
	if scheme, _, ok := weburl.CutScheme(weburl.Trim(p.baseHref)); !ok || scheme != "data" && scheme != "javascript" {
		d.based = at.follow(p.baseHref, a.same)
		d.based.path = "/" + encode(clean(d.based.path)) // "../x/.." is a folder
	}
	return d
}

// encode encodes a file's path as far as location.follow needs it.
func encode(name string) string { return strings.ReplaceAll(name, "%", "%25") }

func (a Address) same(host string) bool { return a.host != "" && host == a.host }

// place is the place of a reference of the page; false if it leads to another site or to
// the page itself.
func (d *document) place(i int) (sitePath, bool) {
	from := d.based
	if d.read.base(i) == "" {
		from = d.plain
	}
	to := from.follow(d.read.references[i].target, d.address.same)
	if to.elsewhere || to == d.plain {
		return sitePath{}, false
	}
	return d.address.place(to)
}

func (a Address) place(to location) (sitePath, bool) {
	name := clean(to.path)
	if a.host != "" {
		rest, ok := below(name, a.root) // else another site of the host
		return sitePath{name: rest}, ok
	}
	p := sitePath{name: name, outside: to.rooted && len(a.mounts) > 0}
	if !to.rooted {
		return p, true
	}
	for _, mount := range a.mounts {
		if rest, ok := below(name, mount); ok {
			p.mounted, p.outside = append(p.mounted, rest), false
		}
	}
	return p, true
}

// below is a path relative to a folder, which is "" or ends in a slash.
func below(name, folder string) (rest string, ok bool) {
	if name+"/" == folder {
		return "", true
	}
	return strings.CutPrefix(name, folder)
}
