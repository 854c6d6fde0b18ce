package frontend

import (
	"slices"
	"strings"
	"unicode"
)

// setting is the value of a property in a configuration in JavaScript or TypeScript.
type setting struct {
	found bool
	// text is its value if that is one literal.
	text string
	// literals are all string literals in its expression, if it is computed.
	literals []string
}

// computed says that the value is known only by running the file.
func (s setting) computed() bool { return s.found && s.text == "" }

// property is the value of a property of the configuration that a file exports, named by
// the objects that it lies in. The file is read, not run: objects without a name (of
// exports, of calls such as defineConfig, of functions' bodies) are not levels of the
// path.
func property(file string, keys ...string) setting {
	tokens := tokenize(file)
	var stack []frame
	for i, tok := range tokens {
		switch {
		case tok.is("{"):
			stack = append(stack, frame{kind: '{', name: pending(stack)})
		case tok.is("("), tok.is("["):
			stack = append(stack, frame{kind: rune(tok.text[0])})
		case tok.is("}"), tok.is(")"), tok.is("]"):
			stack = stack[:max(len(stack)-1, 0)]
		case tok.is(","), tok.is(";"):
			if len(stack) > 0 {
				stack[len(stack)-1].key = ""
			}
		case isKey(tokens, i, stack):
			stack[len(stack)-1].key = tok.text
			if slices.Equal(append(names(stack), tok.text), keys) {
				return valueOf(tokens[i+2:])
			}
		}
	}
	return setting{}
}

// frame is a bracket that is open: of an object, the key whose value it is, and the
// key that is being read in it.
type frame struct {
	kind      rune
	name, key string
}

// pending is the key whose value begins at this position.
func pending(stack []frame) string {
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].kind == '{' {
			return stack[i].key
		}
	}
	return ""
}

func names(stack []frame) []string {
	var names []string
	for _, f := range stack {
		if f.kind == '{' && f.name != "" {
			names = append(names, f.name)
		}
	}
	return names
}

func isKey(tokens []token, i int, stack []frame) bool {
	if len(stack) == 0 || stack[len(stack)-1].kind != '{' || i == 0 || i+2 >= len(tokens) || !tokens[i+1].is(":") {
		return false
	}
	before := tokens[i-1]
	return (before.is("{") || before.is(",")) && (tokens[i].kind == word || tokens[i].kind == text)
}

// valueOf reads the expression that tokens begin with.
func valueOf(tokens []token) setting {
	value := setting{found: true}
	depth, n := 0, 0
	for _, tok := range tokens {
		switch {
		case tok.is("{"), tok.is("("), tok.is("["):
			depth++
		case tok.is("}"), tok.is(")"), tok.is("]"):
			depth--
		}
		if depth < 0 || depth == 0 && (tok.is(",") || tok.is(";")) {
			break
		}
		n++
		if tok.kind == text {
			value.literals = append(value.literals, tok.text)
		}
	}
	if n == 1 && len(value.literals) == 1 {
		value.text = value.literals[0]
	}
	return value
}

// argument is the first argument of a call of a method, if it is a literal.
func argument(file, method string) setting {
	tokens := tokenize(file)
	for i, tok := range tokens {
		if tok.kind == word && tok.text == method && i+2 < len(tokens) && tokens[i+1].is("(") {
			return valueOf(tokens[i+2:])
		}
	}
	return setting{}
}

type kind int

const (
	word kind = iota
	text
	punctuation
)

// token is a word, a string without its quotes, or punctuation.
type token struct {
	kind kind
	text string
}

func (t token) is(s string) bool { return t.kind == punctuation && t.text == s }

// tokenize splits a file into tokens, without comments and regular expressions. A
// template literal with a value in it becomes punctuation, since its text is not known.
func tokenize(file string) []token {
	var tokens []token
	for rest := file; rest != ""; {
		r := []rune(rest[:min(len(rest), 4)])[0]
		switch {
		case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "#!"):
			_, rest, _ = strings.Cut(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			_, rest, _ = strings.Cut(rest[2:], "*/")
		case r == '"' || r == '\'' || r == '`':
			var tok token
			tok, rest = quoted(rest)
			tokens = append(tokens, tok)
		case r == '/' && beginsPattern(tokens):
			rest = afterPattern(rest)
			tokens = append(tokens, token{punctuation, "/"})
		case unicode.IsSpace(r):
			rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		case isWord(r):
			after := strings.TrimLeftFunc(rest, isWord)
			tokens = append(tokens, token{word, rest[:len(rest)-len(after)]})
			rest = after
		default:
			size := len(string(r))
			if r == unicode.ReplacementChar {
				size = 1
			}
			tokens, rest = append(tokens, token{punctuation, rest[:size]}), rest[size:]
		}
	}
	return tokens
}

func isWord(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func quoted(rest string) (token, string) {
	quote := rest[0]
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && i+1 < len(rest):
			i++
			b.WriteByte(rest[i])
		case c == quote:
			return token{text, b.String()}, rest[i+1:]
		case c == '\n' && quote != '`': // no string continues on the next line
			return token{text, b.String()}, rest[i:]
		case c == '$' && quote == '`' && i+1 < len(rest) && rest[i+1] == '{':
			return token{punctuation, "`"}, afterTemplate(rest[i:])
		default:
			b.WriteByte(c)
		}
	}
	return token{text, b.String()}, ""
}

// afterTemplate is the rest after a template literal, from a value in it on.
func afterTemplate(rest string) string {
	depth := 0
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\':
			i++
		case c == '{':
			depth++
		case c == '}':
			depth--
		case c == '`' && depth <= 0:
			return rest[i+1:]
		}
	}
	return ""
}

// beginsPattern says whether a slash begins a regular expression: after a value it is a division.
func beginsPattern(before []token) bool {
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	switch last.kind {
	case text:
		return false
	case word:
		return last.text == "return" || last.text == "typeof"
	case punctuation:
	}
	return last.text != ")" && last.text != "]" && last.text != "}"
}

func afterPattern(rest string) string {
	set := false
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\':
			i++
		case c == '\n':
			return rest[i:]
		case c == '[':
			set = true
		case c == ']':
			set = false
		case c == '/' && !set:
			return strings.TrimLeftFunc(rest[i+1:], isWord)
		}
	}
	return ""
}
