// Package urlpath derives the public addresses of a site's files, as browsers send them and
// caches key them.
package urlpath

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Of are the public addresses of a file below base, that of the file itself first. An index
// page also has the address of its folder, with and without the slash: CDNs cache these as
// three objects (CloudFront Developer Guide, "Specify the files to invalidate"). With clean,
// a page also has an address without its extension.
func Of(base, name string, clean bool) []string {
	var out []string
	for _, a := range manifest.Addresses(name, clean) {
		out = append(out, base+"/"+a)
	}
	if name == "index.html" && base != "" {
		out = append(out, base)
	}
	return out
}

// Encode encodes a path as browsers do (WHATWG URL, "path percent-encode set"; they make an
// unencoded backslash a slash). The encoding must be exact: CloudFront does not find
// /a%281%29 if it has cached /a(1).
func Encode(address string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(address) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"#<>?^`{}%\\", c) >= 0 {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Base makes "/docs" of "docs/", and "" of "/".
func Base(base string) string {
	base = strings.Trim(base, "/")
	if base == "" {
		return ""
	}
	return "/" + base
}

// Parse reads the public address of a site; "" gives an empty URL.
func Parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || (address != "" && (u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"))) {
		return nil, fmt.Errorf("the public address %q is not a URL like https://www.example.org", address)
	}
	return u, nil
}

// Folder is the folder of the site in its public address.
func Folder(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return Base(u.Path)
}

// HideURL removes the address, which may hold a token, from an error.
func HideURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
