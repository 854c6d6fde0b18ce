package strict

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxFile bounds a file, in bytes; maxNesting bounds brackets
// within brackets, on which the parser's time grows with the square.
const (
	MaxFile    = 256 << 10
	maxNesting = 100
)

// parse returns the content of the only document, or nil when it has reported a mistake.
func (t *Text) parse(text []byte, least string) ast.Node {
	if len(text) > MaxFile {
		t.file.add(place{t, 1, 1}, t.key, fmt.Sprintf("the file has more than %d KiB, which no configuration needs", MaxFile>>10))
		return nil
	}
	if strings.Count(string(text), "[")+strings.Count(string(text), "{") > maxNesting && nesting(text) > maxNesting {
		t.file.add(place{t, 1, 1}, t.key, fmt.Sprintf("more than %d brackets within brackets", maxNesting))
		return nil
	}
	file, err := parseYAML(text)
	if err != nil {
		line, column, why := syntaxMistake(err)
		t.file.add(place{t, line, column}, t.key, "this is not YAML: "+why)
		return nil
	}
	return t.onlyDocument(file, least)
}

// parseYAML turns the parser's panics, of which it has had some, into errors.
func parseYAML(text []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the parser gave up (%v)", p)
		}
	}()
	return parser.ParseBytes(text, 0)
}

func syntaxMistake(err error) (line, column int, why string) {
	detailed, ok := errors.AsType[yaml.Error](err)
	if !ok || detailed.GetToken() == nil || detailed.GetToken().Position == nil {
		return 1, 1, err.Error()
	}
	position := detailed.GetToken().Position
	return position.Line, position.Column, detailed.GetMessage()
}

func (t *Text) onlyDocument(file *ast.File, least string) ast.Node {
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			t.file.add(t.placeOf(doc.Body), t.key, "a second document begins here; expected one")
			return nil
		}
		root = doc.Body
	}
	if root == nil {
		t.file.add(place{t, 1, 1}, t.key, "the file says nothing; expected "+least)
	}
	return root
}

// nesting is the deepest nesting that the brackets of a text could have.
func nesting(text []byte) int {
	depth, deepest := 0, 0
	for _, c := range text {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return deepest
}
