package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds a configuration file, in bytes; maxNesting bounds brackets
// within brackets, on which the parser's time grows with the square.
const (
	maxFile    = 256 << 10
	maxNesting = 100
)

// Load reads and checks a configuration file. The error is an *Error when the
// file can be read and is not as it must be: it then tells of every mistake.
func Load(file string) (*Config, error) { return load(file, false) }

// Examine is Load that also looks for the files and folders which sites name: a
// person who checks a configuration wants to know, but a server that starts again
// while a folder is away must still serve the other sites.
func Examine(file string) (*Config, error) { return load(file, true) }

func load(file string, machine bool) (*Config, error) {
	text, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	folder, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", file, err)
	}
	return parseText(file, folder, text, machine)
}

func read(file string) ([]byte, error) { return readBounded(file, maxFile+1) }

// readBounded reads a file, at most so many bytes of it.
func readBounded(file string, most int64) ([]byte, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	return text, errors.Join(err, f.Close())
}

// Parse is Load of a text, without a look at what is on this machine. The name stands in the mistakes; relative paths of
// the configuration count from the folder, which must be absolute.
func Parse(name, folder string, text []byte) (*Config, error) {
	return parseText(name, folder, text, false)
}

func parseText(name, folder string, text []byte, machine bool) (*Config, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // a byte order mark, which nobody sees
	r := newReport(name, text)
	root := parse(r, text)
	if root == nil {
		return nil, r.err()
	}
	d := newDecoder(r)
	var c Config
	d.config(root, &c)
	check(&c, folder, d, machine)
	if err := r.err(); err != nil {
		return nil, err
	}
	c.applyDefaults()
	c.resolvePaths(folder)
	return &c, nil
}

// parse gives the one document's content, or nil when a mistake was reported.
func parse(r *report, text []byte) ast.Node {
	start := place{1, 1}
	if len(text) > maxFile {
		r.add(start, "", fmt.Sprintf("the file has more than %d KiB, which no configuration needs", maxFile>>10))
		return nil
	}
	if strings.Count(string(text), "[")+strings.Count(string(text), "{") > maxNesting && nesting(text) > maxNesting {
		r.add(start, "", fmt.Sprintf("more than %d brackets within brackets", maxNesting))
		return nil
	}
	file, err := parseYAML(text)
	if err != nil {
		at, why := syntaxMistake(err)
		r.add(at, "", "this is not YAML: "+why)
		return nil
	}
	return onlyDocument(r, file)
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

func syntaxMistake(err error) (place, string) {
	detailed, ok := errors.AsType[yaml.Error](err)
	if !ok || detailed.GetToken() == nil || detailed.GetToken().Position == nil {
		return place{1, 1}, err.Error()
	}
	position := detailed.GetToken().Position
	return place{position.Line, position.Column}, detailed.GetMessage()
}

func onlyDocument(r *report, file *ast.File) ast.Node {
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			r.add(placeOf(doc.Body), "", "a second document begins here; expected one")
			return nil
		}
		root = doc.Body
	}
	if root == nil {
		r.add(place{1, 1}, "", "the file says nothing; expected at least sites and tokens (see the example in docs/configuration.md)")
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
