package cdn

import (
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// addresses are the public addresses below base at which a file is asked for. A
// folder's index page is also the folder, with and without its slash: CDNs take
// these for three (CloudFront Developer Guide, "Specify the files to
// invalidate"). With clean addresses a page is also asked for without its
// ending. The first is the file itself.
func addresses(base, name string, clean bool) []string {
	var out []string
	for _, a := range manifest.Addresses(name, clean) {
		out = append(out, base+"/"+a)
	}
	if name == "index.html" && base != "" {
		out = append(out, base)
	}
	return out
}

// encode writes an address as browsers send it (WHATWG URL, "path
// percent-encode set"; they make a slash of a backslash that is not encoded). A byte
// more or less encoded is another address to a
// CDN: CloudFront does not find /a%281%29 when it keeps /a(1).
func encode(address string) string {
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

// cleanBase makes "/docs" of "docs/", and "" of "/".
func cleanBase(base string) string {
	base = strings.Trim(base, "/")
	if base == "" {
		return ""
	}
	return "/" + base
}
