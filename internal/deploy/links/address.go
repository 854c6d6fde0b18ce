package links

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/weburl"
)

// Address is where visitors find a site. The zero value is a host's root, of a host
// whose name is not known.
type Address struct {
	host string // of the public address; "" when that is not known
	root string // the site's folder there: "" or "docs/"
	// mounts are folders that the site may have, where the public address is not
	// known: "preview/acme/main/", "acme/main/", "main/".
	mounts []string
}

// NewAddress is the address of a site with this public URL, or, without one, of a site
// whose destination is at this path of its bucket or machine. A web server may show
// that path whole, or only what is below some folder of it.
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

// Place is what a reference may mean in the site.
type Place struct {
	// Name is the path from the site's root: "news/", "a.css".
	Name string
	// Mounted are paths that it means where the host shows the site in a folder.
	Mounted []string
	// outside says that it is none of the site where the host shows that in a folder.
	outside bool
}

// any says whether one of the paths that it may mean is such a one.
func (p Place) any(is func(name string) bool) bool {
	return is(p.Name) || slices.ContainsFunc(p.Mounted, is)
}

// document resolves the references of one page.
type document struct {
	address Address
	read    *Page
	plain   location // where the page is
	based   location // what its <base> says
}

// document is a page of the site, by its path.
func (a Address) document(name string, p *Page) document {
	at := location{path: "/" + encode(a.root+name)}
	d := document{address: a, read: p, plain: at, based: at}
	if p.Base == "" {
		return d
	}
	// One that is no address of a page is passed over (HTML standard, section 4.2.3).
	if scheme, _, ok := weburl.CutScheme(weburl.Trim(p.Base)); !ok || scheme != "data" && scheme != "javascript" {
		d.based = at.follow(p.Base, a.same)
		d.based.path = "/" + encode(clean(d.based.path)) // "../x/.." is a folder
	}
	return d
}

// encode writes a file's path as a URL's path, as far as resolving it cares.
func encode(name string) string { return strings.ReplaceAll(name, "%", "%25") }

func (a Address) same(host string) bool { return a.host != "" && host == a.host }

// place is what a reference of the page means in the site, or false when it leads
// elsewhere or to the page itself.
func (d *document) place(i int) (Place, bool) {
	from := d.based
	if d.read.base(i) == "" {
		from = d.plain
	}
	to := from.follow(d.read.References[i].Target, d.address.same)
	if to.elsewhere || to == d.plain {
		return Place{}, false
	}
	return d.address.place(to)
}

func (a Address) place(to location) (Place, bool) {
	name := clean(to.path)
	if a.host != "" {
		rest, ok := below(name, a.root) // else of the host, and not of the site
		return Place{Name: rest}, ok
	}
	p := Place{Name: name, outside: to.rooted && len(a.mounts) > 0}
	if !to.rooted {
		return p, true
	}
	for _, mount := range a.mounts {
		if rest, ok := below(name, mount); ok {
			p.Mounted, p.outside = append(p.Mounted, rest), false
		}
	}
	return p, true
}

// below is what a path is in a folder, which may be "" or ends in a slash.
func below(name, folder string) (rest string, ok bool) {
	if name+"/" == folder {
		return "", true
	}
	return strings.CutPrefix(name, folder)
}
