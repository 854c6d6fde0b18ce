package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// repository is where files beside docs/ are shown.
const repository = "https://github.com/pressrun/pressrun/blob/main/"

// tables have no styles in their cells.
var tables = extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))

// markdown is a page of docs/ as HTML. Links to other pages lead to their place in the
// website, those to files beside docs/ to the repository.
func (w website) markdown(source []byte, file string) ([]byte, error) {
	md := goldmark.New(goldmark.WithExtensions(tables, extension.Strikethrough, extension.Linkify), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	context := parser.NewContext(parser.WithIDs(&headingIDs{seen: map[string]int{}}))
	doc := md.Parser().Parse(text.NewReader(source), parser.WithContext(context))
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		link, ok := n.(*ast.Link)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		to, err := w.linked(string(link.Destination), file)
		link.Destination = []byte(to)
		return ast.WalkContinue, err
	})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, source, doc); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// linked is where a link of a page leads in the website.
func (w website) linked(to, file string) (string, error) {
	target, anchor, hasAnchor := strings.Cut(to, "#")
	if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return to, nil
	}
	name := path.Join(path.Dir(file), target)
	if hasAnchor {
		anchor = "#" + anchor
	}
	if outside, ok := strings.CutPrefix(name, "../"); ok {
		if _, err := os.Stat(filepath.Join(w.source, filepath.FromSlash(name))); err != nil {
			return "", fmt.Errorf("the link %s leads to nothing: %w", to, err)
		}
		return repository + outside + anchor, nil
	}
	if readme := path.Join(name, "README.md"); listed(w.sections, readme) {
		name = readme
	}
	if listed(w.sections, name) {
		name = address(name)
	} else if _, err := os.Stat(filepath.Join(w.source, filepath.FromSlash(name))); err != nil || !copied.MatchString(name) {
		if info, err := os.Stat(filepath.Join(w.source, filepath.FromSlash(name))); err == nil && info.IsDir() {
			return repository + "docs/" + name + anchor, nil
		}
		return "", fmt.Errorf("the link %s leads to no page and no file of the website", to)
	}
	from := strings.Repeat("../", strings.Count(address(file), "/"))
	return from + name + anchor, nil
}

// headingIDs names headings as GitHub does, so that a link works here and there: small
// letters, digits, - and _ stay, blanks become -, all else goes.
type headingIDs struct{ seen map[string]int }

// Generate implements parser.IDs.
func (h *headingIDs) Generate(value []byte, _ ast.NodeKind) []byte {
	id := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(string(value)))
	if id == "" {
		id = "heading"
	}
	h.seen[id]++
	if n := h.seen[id]; n > 1 {
		id = fmt.Sprintf("%s-%d", id, n-1)
	}
	return []byte(id)
}

// Put implements parser.IDs.
func (h *headingIDs) Put(value []byte) { h.seen[string(value)]++ }
