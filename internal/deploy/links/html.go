package links

import (
	"bytes"
	"net/url"
	"path"
	"strings"
)

// attributes are where HTML names other files.
var attributes = []struct {
	name  []byte
	asset bool
}{{[]byte("href="), false}, {[]byte("src="), true}}

// References calls f for every href and src of a page. It is a scanner and no
// parser: it takes any attribute of these names inside a tag, which is what a
// visitor's browser takes too, and costs a fraction.
func References(html []byte, f func(target string, asset bool)) {
	for _, a := range attributes {
		for rest := html; ; {
			i := bytes.Index(rest, a.name)
			if i < 0 {
				break
			}
			before := byte('<')
			if i > 0 {
				before = rest[i-1]
			}
			rest = rest[i+len(a.name):]
			// An attribute follows a space; data-src and the like do not count.
			if before != ' ' && before != '\n' && before != '\t' && before != '\r' && before != '"' && before != '\'' {
				continue
			}
			loads, counts := a.asset, true
			if !a.asset {
				loads, counts = hrefOf(tagAround(html, len(html)-len(rest)))
			}
			if value, ok := attributeValue(rest); ok && counts {
				f(value, loads)
			}
		}
	}
}

// longestTag bounds how far a tag is looked for around an attribute, in bytes.
const longestTag = 4096

// tagAround is the tag that an attribute at a place of a page stands in, from
// its name on.
func tagAround(html []byte, at int) []byte {
	from := max(0, at-longestTag)
	open := bytes.LastIndexByte(html[from:at], '<')
	if open < 0 {
		return nil
	}
	tag := html[from+open+1 : min(len(html), at+longestTag)]
	if end := bytes.IndexByte(tag, '>'); end >= 0 {
		tag = tag[:end]
	}
	return tag
}

// loading are the kinds of <link> whose file a browser loads for the page (HTML
// standard, section 4.6.7). Others, such as rev=made or rel=canonical, say
// something about the page, and nobody follows them.
var loading = [][]byte{[]byte("stylesheet"), []byte("icon"), []byte("preload"), []byte("manifest")}

// hrefOf says what the href of a tag is: of something that the page loads, and
// whether it counts at all.
func hrefOf(tag []byte) (loads, counts bool) {
	name, rest, _ := bytes.Cut(tag, []byte(" "))
	switch strings.ToLower(strings.TrimSpace(string(name))) {
	case "base":
		return false, false
	case "link":
		rest = bytes.ToLower(rest)
		for _, kind := range loading {
			if bytes.Contains(rest, kind) {
				return true, true
			}
		}
		return false, false
	}
	return false, true
}

// longestTarget bounds what is taken for an address.
const longestTarget = 2048

func attributeValue(rest []byte) (string, bool) {
	if len(rest) == 0 {
		return "", false
	}
	var end int
	switch quote := rest[0]; quote {
	case '"', '\'':
		rest = rest[1:]
		end = bytes.IndexByte(rest[:min(len(rest), longestTarget)], quote)
	default:
		end = bytes.IndexAny(rest[:min(len(rest), longestTarget)], " \t\r\n>\"'")
	}
	if end < 0 {
		return "", false
	}
	return string(rest[:end]), true
}

// Resolve gives the path that a reference of a page means inside the site, or
// false when it leads elsewhere or can't be told (a template's leftover).
func Resolve(page, target string) (string, bool) {
	target = strings.TrimSpace(strings.ReplaceAll(target, "&amp;", "&"))
	if target == "" || strings.ContainsAny(target, "{}<>\\\n$") || strings.HasPrefix(target, "//") || strings.HasPrefix(target, "#") {
		return "", false
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return "", false
	}
	full := u.Path
	if !strings.HasPrefix(full, "/") {
		full = "/" + path.Dir(page) + "/" + full
	}
	clean := path.Clean(full)
	if strings.HasSuffix(full, "/") && clean != "/" {
		clean += "/"
	}
	return strings.TrimPrefix(clean, "/"), true
}
