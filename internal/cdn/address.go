package cdn

import (
	"path"
	"strings"
)

// addresses are the public addresses below base at which a file is asked for. A
// folder's index page is also the folder, with and without its slash: CDNs take
// these for three (CloudFront Developer Guide, "Specify the files to
// invalidate"). With clean addresses a page is also asked for without its
// ending. The first is the file itself.
func addresses(base, name string, clean bool) []string {
	full := base + "/" + name
	dir, file := path.Split(full)
	switch {
	case file == "index.html" && dir == "/":
		return []string{full, "/"}
	case file == "index.html":
		return []string{full, dir, strings.TrimSuffix(dir, "/")}
	case clean && strings.HasSuffix(file, ".html") && file != ".html":
		return []string{full, strings.TrimSuffix(full, ".html")}
	}
	return []string{full}
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
