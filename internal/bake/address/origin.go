package address

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/outbound"
)

// Origin is the CMS that is baked: one host, by http and https alike, or the paths below
// a path of it, which becomes the root of the site.
type Origin struct {
	scheme string // "http" or "https"
	host   string // in lower case, with a port that is not the scheme's own
	below  string // the path, without a slash at its end; "" for the root
}

// ParseOrigin reads the address of a CMS, such as https://cms.example.gov, or
// https://www.example.gov/blog/. Plain http is for this machine only, as everywhere in
// package outbound.
func ParseOrigin(text string) (Origin, error) {
	if err := outbound.Check(text); err != nil {
		return Origin{}, fmt.Errorf("the CMS's address %w", err)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Origin{}, errors.New("the CMS's address is no web address; expected https://HOST")
	case u.RawQuery != "" || u.ForceQuery:
		return Origin{}, errors.New("the CMS's address has a query; expected https://HOST or https://HOST/PATH/")
	}
	below := strings.TrimSuffix(normalPath("/"+strings.Trim(u.EscapedPath(), "/")), "/")
	if strings.Contains(below, "//") {
		return Origin{}, errors.New("the CMS's address has an empty part in its path; expected https://HOST/PATH/")
	}
	return Origin{scheme: strings.ToLower(u.Scheme), host: plainHost(u.Host), below: below}, nil
}

// String is the address, without a slash at its end.
func (o Origin) String() string { return o.scheme + "://" + o.host + o.below }

// Below says whether the CMS is below a path of its host: then addresses in the site are
// other ones than the CMS's.
func (o Origin) Below() bool { return o.below != "" }

// Host is the host with its port, in lower case.
func (o Origin) Host() string { return o.host }

// Name is the host without its port.
func (o Origin) Name() string {
	if i := strings.LastIndexByte(o.host, ':'); i >= 0 && !strings.HasSuffix(o.host, "]") {
		return o.host[:i]
	}
	return o.host
}

// URL is the whole URL of an address.
func (o Origin) URL(a Address) string { return o.String() + string(a) }

// plainHost is the normal form of a host: in lower case, without a port that the scheme
// has anyhow.
func plainHost(host string) string {
	host = strings.ToLower(host)
	for _, port := range []string{":443", ":80", ":"} {
		if bare, ok := strings.CutSuffix(host, port); ok {
			return bare
		}
	}
	return host
}
