package strict

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Sections says which parts of a text inherit from others.
type Sections struct {
	// Key is the section whose values inherit, such as sites; By is the key in a value
	// that names the section that it inherits. Parts is the section of the inherited
	// values, in which required keys may be missing.
	Key, By, Parts string
	// From are the sections to inherit from, by name.
	From map[string]*Section
}

// Section is a section that others inherit.
type Section struct{ layer }

// Inheriting is Into with sections whose values inherit.
func (t *Text) Inheriting(into any, s Sections) {
	t.into(into, &decoder{parts: s.Parts, below: func(key string, own layer) []layer {
		name, ok := strings.CutPrefix(key, s.Key+".")
		if !ok || strings.Contains(name, ".") {
			return nil
		}
		return s.below(name, own)
	}})
}

// One decodes a text that is a single inheriting value, with a name.
func (t *Text) One(into any, s Sections, name string) {
	d := &decoder{}
	if t.root != nil {
		own := layer{n: t.root, in: t}
		t.decode(into, d, append(s.below(name, own), own))
	}
}

// Several is Inheriting for a text that is not the first, but whose keys are at the top level.
func (t *Text) Several(into any, s Sections) {
	t.key = ""
	t.Inheriting(into, s)
}

// Part decodes a text that others inherit, in which required keys may be missing.
func (t *Text) Part(into any) { t.into(into, &decoder{partial: true}) }

// below returns the layers that a value inherits.
func (s Sections) below(name string, own layer) []layer {
	from, ok := s.From[own.word(s.By)]
	if !ok || from == nil {
		return nil
	}
	base := from.layer
	base.site = name
	return []layer{base}
}

// word is the text of a key of a section, "" for none.
func (l layer) word(name string) string {
	d := &decoder{File: New(), places: map[string]place{}} // its mistakes are reported when it is decoded
	if l.n = d.resolve(l, ""); l.n == nil {
		return ""
	}
	if _, ok := entriesOf(l.n); !ok {
		return ""
	}
	for _, e := range d.ofLayer(l, "") {
		if e.name == name {
			value := e.values[0]
			text, _ := textOf(d.resolve(value, ""))
			return text
		}
	}
	return ""
}

// Whole is the text as a section that others inherit.
func (t *Text) Whole() *Section {
	if t.root == nil {
		return nil
	}
	return &Section{layer{n: t.root, in: t}}
}

// Sections are the sections under a key, by name, for others to inherit.
func (t *Text) Sections(key string) map[string]*Section {
	found := map[string]*Section{}
	if t.root == nil {
		return found
	}
	d := &decoder{File: New(), places: map[string]place{}}
	for _, e := range d.ofLayer(layer{n: t.root, in: t.withAnchors()}, "") {
		if e.name != key {
			continue
		}
		l := e.values[0]
		if l.n = d.resolve(l, ""); l.n == nil {
			continue
		}
		for _, one := range d.entries([]layer{l}, "") {
			found[one.name] = &Section{one.values[0]}
		}
	}
	return found
}

// withAnchors is the text after all its anchors were collected.
func (t *Text) withAnchors() *Text {
	all := &Text{file: t.file, name: t.name, order: t.order, lines: t.lines, secret: t.secret, anchors: map[string]ast.Node{}}
	ast.Walk(anchors{all}, t.root)
	return all
}

// anchors collects the anchors of a tree.
type anchors struct{ of *Text }

// Visit collects one.
func (a anchors) Visit(n ast.Node) ast.Visitor {
	if anchor, ok := n.(*ast.AnchorNode); ok {
		a.of.anchors[anchor.Name.GetToken().Value] = anchor.Value
	}
	return a
}
