// Package urlpath finds the public addresses of a site's files, in the form in which
// browsers send them and caches key them.
package urlpath

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Of lists the public addresses below base at which visitors ask for a file; the first is
// the file itself. A folder's index page is also the folder, with and without its slash:
// CDNs cache these as three objects (CloudFront Developer Guide, "Specify the files to
// invalidate"). With clean, a page is also found without its ending.
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

// Encode encodes a path as browsers send it (WHATWG URL, "path percent-encode set"; they turn an unencoded
// backslash into a slash). The encoding must be exact: CloudFront does not find /a%281%29 when it has
// cached /a(1).
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

// Hide removes the address, which may hold a token, from an error.
func Hide(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
