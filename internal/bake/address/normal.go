package address

import (
	"strings"

	"github.com/pressrun/pressrun/internal/weburl"
)

// normalPath is the normal form of a path: dots resolved, backslashes as slashes, and
// percent-encoded where a browser would (RFC 3986, section 6.2.2; the URL standard's
// "path percent-encode set").
func normalPath(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	if plain(path) {
		return path
	}
	parts := strings.Split(path, "/")
	out := parts[:0:0]
	for i, part := range parts {
		part = encoded(unreserved(part), " \"<>^`{}#?")
		last := i == len(parts)-1
		switch part {
		case "..":
			if len(out) > 1 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		case ".":
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, part)
		}
	}
	whole := strings.Join(out, "/")
	if !strings.HasPrefix(whole, "/") {
		whole = "/" + whole
	}
	return whole
}

// plain says whether a path is in normal form already, as nearly all are.
func plain(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>^`{}%", c) >= 0:
			return false
		case c == '.' && i > 0 && path[i-1] == '/':
			return false
		}
	}
	return path != ""
}

// unreserved decodes escapes that are not needed, and writes the digits of the others in
// capitals.
func unreserved(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c, ok := weburl.HexByte(s[i:])
		switch {
		case !ok:
			b.WriteByte(s[i])
			continue
		case c == '-' || c == '.' || c == '_' || c == '~' || isAlphanumeric(c):
			b.WriteByte(c)
		default:
			b.WriteString(strings.ToUpper(s[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// encoded percent-encodes controls, non-ASCII, and the given characters.
func encoded(s, more string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(more, c) >= 0 {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
