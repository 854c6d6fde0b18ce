package links

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// tokenizer finds the tags of a page (HTML standard, section 13.2.5). It finds the same tags
// as that of golang.org/x/net/html, several times as fast and in linear time, since it
// skips text and copies only the attributes that are read. A test compares the two.
type tokenizer struct {
	rest []byte
	// cdata says that "<![CDATA[" begins text, as in SVG and MathML.
	cdata bool
	tag   tag
	left  int // bytes of the page from the "<" of the tag on
}

// tag is a start or end tag. Its parts are valid until the next one is read.
type tag struct {
	name        []byte // in lower case
	end         bool
	selfClosing bool
	attributes  []attribute // of a start tag, as they are written
}

type attribute struct{ name, value []byte }

// next reads the next tag; false at the end of the page. A tag without an end is none.
func (z *tokenizer) next() bool {
	for {
		i := bytes.IndexByte(z.rest, '<')
		if i < 0 || i+1 == len(z.rest) {
			return false
		}
		z.rest = z.rest[i+1:]
		switch c := z.rest[0]; {
		case isLetter(c):
			z.left = len(z.rest) + len("<")
			return z.readTag(false)
		case c == '/':
			z.rest = z.rest[1:]
			if len(z.rest) > 0 && isLetter(z.rest[0]) {
				z.left = len(z.rest) + len("</")
				return z.readTag(true)
			}
			z.skipPast(">")
		case c == '!':
			z.rest = z.rest[1:]
			z.skipDeclaration()
		case c == '?':
			z.skipPast(">")
		}
	}
}

// skipDeclaration skips what follows "<!": a comment, a doctype, CDATA.
func (z *tokenizer) skipDeclaration() {
	const cdata = "[CDATA["
	switch {
	case bytes.HasPrefix(z.rest, []byte("--")):
		z.rest = z.rest[2:]
		z.skipComment()
	case z.cdata && bytes.HasPrefix(z.rest, []byte(cdata)):
		z.rest = z.rest[len(cdata):]
		z.skipPast("]]>")
	default:
		z.skipPast(">")
	}
}

// skipComment skips what follows "<!--", up to "-->" or "--!>"; "<!-->" and "<!--->"
// are whole comments.
func (z *tokenizer) skipComment() {
	for _, short := range []string{">", "->"} {
		if rest, ok := bytes.CutPrefix(z.rest, []byte(short)); ok {
			z.rest = rest
			return
		}
	}
	for {
		z.skipPast("--")
		z.rest = bytes.TrimLeft(z.rest, "-")
		rest, _ := bytes.CutPrefix(z.rest, []byte("!"))
		if len(rest) == 0 || rest[0] == '>' {
			z.rest = rest[min(1, len(rest)):]
			return
		}
	}
}

// skipPast skips up to the end of the given text, or to the page's end.
func (z *tokenizer) skipPast(what string) {
	i := bytes.Index(z.rest, []byte(what))
	if i < 0 {
		z.rest = nil
		return
	}
	z.rest = z.rest[i+len(what):]
}

// readTag reads a tag from its name on.
func (z *tokenizer) readTag(end bool) bool {
	t := &z.tag
	t.name, t.end, t.selfClosing, t.attributes = t.name[:0], end, false, t.attributes[:0]
	i := 0
	for ; i < len(z.rest) && !endsName(z.rest[i]); i++ {
		t.name = append(t.name, lower(z.rest[i]))
	}
	z.rest = z.rest[i:]
	for z.skipSpace() {
		if z.rest[0] == '>' {
			z.rest = z.rest[1:]
			return true
		}
		if z.rest[0] == '/' {
			t.selfClosing = bytes.HasPrefix(z.rest, []byte("/>"))
			z.rest = z.rest[1:]
			continue
		}
		if !z.readAttribute() {
			return false
		}
	}
	return false
}

// maxAttributes is the most attributes of a tag that are kept.
const maxAttributes = 1000

func (z *tokenizer) readAttribute() bool {
	end := 1 // "=" may be the first byte of a name
	for end < len(z.rest) && z.rest[end] != '=' && !endsName(z.rest[end]) {
		end++
	}
	a := attribute{name: z.rest[:end]}
	z.rest = z.rest[end:]
	if !z.skipSpace() {
		return false
	}
	if z.rest[0] == '=' {
		z.rest = z.rest[1:]
		if !z.skipSpace() || !z.readValue(&a) {
			return false
		}
	}
	if !z.tag.end && len(z.tag.attributes) < maxAttributes {
		z.tag.attributes = append(z.tag.attributes, a)
	}
	return true
}

func (z *tokenizer) readValue(a *attribute) bool {
	end := 0
	switch quote := z.rest[0]; quote {
	case '"', '\'':
		z.rest = z.rest[1:]
		if end = bytes.IndexByte(z.rest, quote); end < 0 {
			return false
		}
		a.value, z.rest = z.rest[:end], z.rest[end+1:]
	default:
		for end < len(z.rest) && z.rest[end] != '>' && !isSpace(z.rest[end]) {
			end++
		}
		a.value, z.rest = z.rest[:end], z.rest[end:]
	}
	return true
}

// skipSpace skips whitespace, and says whether anything follows.
func (z *tokenizer) skipSpace() bool {
	i := 0
	for i < len(z.rest) && isSpace(z.rest[i]) {
		i++
	}
	z.rest = z.rest[i:]
	return len(z.rest) > 0
}

// skipText skips the content of an element without tags, up to its end tag.
func (z *tokenizer) skipText(element string) {
	switch element {
	case "plaintext":
		z.rest = nil
	case "script":
		z.skipScript()
	default:
		for z.skipTo("<") && !z.at("</", element) {
			z.rest = z.rest[1:]
		}
	}
}

// skipScript skips a script. Between "<!--" and "-->" it may have <script> tags, whose end
// tags do not end it.
func (z *tokenizer) skipScript() {
	const plain, escaped, twice = 0, 1, 2
	state, marks := plain, "<"
	for z.skipTo(marks) {
		skip := 1
		switch {
		case state != plain && bytes.HasPrefix(z.rest, []byte("-->")):
			state, marks, skip = plain, "<", len("-->")
		case state == plain && bytes.HasPrefix(z.rest, []byte("<!--")):
			state, marks, skip = escaped, "<-", len("<!") // "<!-->" is both
		case z.at("</", "script"):
			if state != twice {
				return
			}
			state = escaped
		case state == escaped && z.at("<", "script"):
			state = twice
		}
		z.rest = z.rest[skip:]
	}
}

// skipTo skips up to one of these bytes, and says whether there is one.
func (z *tokenizer) skipTo(marks string) bool {
	i := bytes.IndexAny(z.rest, marks)
	if i < 0 {
		z.rest = nil
		return false
	}
	z.rest = z.rest[i:]
	return true
}

// at says whether a tag of an element begins here.
func (z *tokenizer) at(begin, element string) bool {
	rest, ok := bytes.CutPrefix(z.rest, []byte(begin))
	return ok && len(rest) > len(element) && isNamed(rest[:len(element)], element) && endsName(rest[len(element)])
}

// value is the value of an attribute, with its character references resolved; "" for none.
// Of several attributes of one name the first counts.
func (t *tag) value(name string) string {
	for _, a := range t.attributes {
		if isNamed(a.name, name) {
			return unescaped(a.value)
		}
	}
	return ""
}

func (t *tag) has(name string) bool {
	for _, a := range t.attributes {
		if isNamed(a.name, name) {
			return true
		}
	}
	return false
}

// unescaped resolves the character references of an attribute's value, which differ from
// those of text: "?a=1&copy=2" has none (HTML standard, section 13.2.5.72).
func unescaped(value []byte) string {
	if !bytes.ContainsAny(value, "&\x00\r") {
		return string(value)
	}
	quoted := `<a a="` + strings.ReplaceAll(string(value), `"`, "&#34;") + `">`
	z := html.NewTokenizer(strings.NewReader(quoted))
	z.Next()
	_, resolved, _ := z.TagAttr()
	return string(resolved)
}

// isNamed compares a name with one in lower case.
func isNamed(name []byte, with string) bool {
	if len(name) != len(with) {
		return false
	}
	for i := range name {
		if lower(name[i]) != with[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func isLetter(c byte) bool { return lower(c) >= 'a' && lower(c) <= 'z' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

func endsName(c byte) bool { return isSpace(c) || c == '/' || c == '>' }
