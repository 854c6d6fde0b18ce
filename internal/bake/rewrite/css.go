package rewrite

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// CSS finds and changes the addresses of a style sheet: in url(), @import and
// image-set(), and the CMS's own in comments and texts. base is the base of the page
// that a style is in.
func (r *Rewriter) CSS(sheet []byte, base string, change Change) []byte {
	s := splicer{text: sheet}
	lexer := css.NewLexer(parse.NewInputBytes(bytes.Clone(sheet))) // it writes behind its input's end
	state := cssState{}
	for at := 0; at < len(sheet); {
		kind, data := lexer.Next()
		if kind == css.ErrorToken || len(data) == 0 {
			break
		}
		end := min(at+len(data), len(sheet))
		switch {
		case kind == css.URLToken:
			r.cssAddress(&s, urlArgument(sheet, at, end), Resource, base, change)
		case kind == css.StringToken && state.names():
			r.cssAddress(&s, unquoted(sheet, at, end), Resource, base, change)
		case kind == css.StringToken || kind == css.CommentToken || kind == css.BadURLToken || kind == css.BadStringToken:
			r.within(&s, at, end, false, change)
		}
		state.step(kind, data)
		at = end
	}
	return s.bytes()
}

// cssState tracks where a plain string is an address.
type cssState struct {
	imports bool   // between @import and its first word
	depth   []bool // of parentheses; whether they are those of image-set()
}

// maxNested bounds how deep parentheses may nest.
const maxNested = 100

func (c *cssState) names() bool {
	return c.imports || len(c.depth) > 0 && c.depth[len(c.depth)-1]
}

func (c *cssState) step(kind css.TokenType, data []byte) {
	if kind == css.WhitespaceToken || kind == css.CommentToken {
		return
	}
	if kind == css.RightParenthesisToken {
		c.depth = c.depth[:max(0, len(c.depth)-1)]
	}
	if (kind == css.FunctionToken || kind == css.LeftParenthesisToken) && len(c.depth) < maxNested {
		c.depth = append(c.depth, strings.HasSuffix(strings.ToLower(string(data)), "image-set("))
	}
	c.imports = kind == css.AtKeywordToken && strings.EqualFold(string(data), "@import")
}

// cssAddress changes the address at a place, with the escapes of CSS.
func (r *Rewriter) cssAddress(s *splicer, at span, use Use, base string, change Change) {
	if at.from >= at.to {
		return
	}
	written := string(s.text[at.from:at.to])
	with, ok := change(Reference{Target: cssUnescaped(written), Use: use, Base: base})
	if ok {
		s.replace(at.from, at.to, cssEscape.Replace(with))
	}
}

// cssEscape makes an address one that may stand in any url(), quoted or not.
var cssEscape = strings.NewReplacer("(", "%28", ")", "%29", "'", "%27", `"`, "%22", " ", "%20", `\`, "%5C", "\n", "%0A")

// urlArgument is the place of the address in url(...), without white space and quotes.
func urlArgument(sheet []byte, from, to int) span {
	if i := bytes.IndexByte(sheet[from:to], '('); i >= 0 {
		from += i + 1
	}
	if to > from && sheet[to-1] == ')' {
		to--
	}
	for from < to && strings.IndexByte(asciiSpace, sheet[from]) >= 0 {
		from++
	}
	for to > from && strings.IndexByte(asciiSpace, sheet[to-1]) >= 0 {
		to--
	}
	return unquoted(sheet, from, to)
}

func unquoted(sheet []byte, from, to int) span {
	if to-from >= 2 && (sheet[from] == '"' || sheet[from] == '\'') {
		quote := sheet[from]
		from++
		if sheet[to-1] == quote {
			to--
		}
	}
	return span{from, to}
}

// cssUnescaped resolves the escapes of CSS (CSS Syntax Level 3, section 4.3.7).
func cssUnescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			break
		}
		if s[i] == '\n' {
			continue
		}
		code, digits := rune(0), 0
		for digits < 6 && i+digits < len(s) {
			d, err := strconv.ParseUint(s[i+digits:i+digits+1], 16, 8)
			if err != nil {
				break
			}
			code, digits = code<<4|rune(d), digits+1
		}
		if digits == 0 {
			b.WriteByte(s[i])
			continue
		}
		b.WriteRune(code)
		i += digits - 1
		if i+1 < len(s) && strings.IndexByte(asciiSpace, s[i+1]) >= 0 {
			i++
		}
	}
	return b.String()
}
