package output

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/rewrite"
)

// Mapping maps the CMS's addresses to places in the output.
type Mapping struct {
	Origin  address.Origin
	Queries address.Queries
	// PublicURL is where the site will be, without a slash at its end; "" when that is not
	// known: then addresses are paths.
	PublicURL string
	Places    map[address.Address]address.Place
}

// ParsePublicURL reads the address of the public site; "" for not known.
func ParsePublicURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("the public address %q is no root of a host; expected one such as https://www.example.org", text)
	}
	return strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host), nil
}

// host is the public one; "" when it is not known.
func (m *Mapping) host() string {
	_, host, _ := strings.Cut(m.PublicURL, "://")
	return host
}

// rendering is raised when this program begins to write the same page differently.
const rendering = 1

// ID differs for two mappings that write the same page differently, or with other
// settings of the caller.
func (m *Mapping) ID(settings string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n%s\n%s\n%q\n", rendering, m.Origin, m.PublicURL, settings)
	for _, a := range slices.Sorted(maps.Keys(m.Places)) {
		if p := m.Places[a]; p.Path != string(a) {
			fmt.Fprintf(h, "%s %s\n", a, p.Path)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// path is the path of an address in the output; the address itself, if it is not there.
func (m *Mapping) path(a address.Address) string {
	sorted, _ := m.Queries.Normalize(a)
	if p, ok := m.Places[sorted]; ok {
		return p.Path
	}
	return string(a)
}

// change rewrites the references in the content of an address that will be served at a path.
func (m *Mapping) change(at address.Address, served string) rewrite.Change {
	moved := folder(at.Path()) != folder(served) || at.Query() != ""
	bases := map[string]address.Base{}
	return func(ref rewrite.Reference) (string, bool) {
		if ref.Use == rewrite.BareHost {
			return m.host(), m.PublicURL != ""
		}
		base, ok := bases[ref.Base]
		if !ok {
			base = m.Origin.BaseOf(at, ref.Base)
			bases[ref.Base] = base
		}
		to, ok := m.Origin.Follow(base, ref.Target)
		if !ok || to.Same {
			return "", false
		}
		return m.written(to, moved, ref.Target)
	}
}

func folder(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// written is how a reference is written in the output; false where it stays as it is.
func (m *Mapping) written(to address.Target, moved bool, target string) (string, bool) {
	path := m.path(to.Address)
	stays := path == string(to.Address) && (to.Form == address.Relative || !m.Origin.Below())
	rest := path + to.Fragment
	if stays {
		rest = to.Rest // as it is written, in whatever normal form
	}
	switch to.Form {
	case address.Absolute:
		if stays && m.PublicURL == "" {
			rest = rooted(rest)
		}
		return m.PublicURL + rest, true
	case address.NoScheme:
		if m.PublicURL == "" {
			return rooted(rest), true
		}
		return "//" + m.host() + rest, true
	case address.Rooted:
		if stays {
			return "", false
		}
		return rest, true
	case address.Relative:
	}
	if stays && !moved {
		return "", false
	}
	return path + to.Fragment, path+to.Fragment != target
}

// rooted makes a path of what follows a host.
func rooted(rest string) string {
	if strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "//") {
		return rest
	}
	return "/" + strings.TrimLeft(rest, "/")
}
