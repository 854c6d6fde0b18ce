package strict

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// File is the result of reading one text or several: the position of each key, and all mistakes.
type File struct {
	texts    []*Text
	places   map[string]place
	problems []mistake
	reported map[string]bool // the keys of problems
}

// mistake is a problem with its place.
type mistake struct {
	at   place
	key  string
	text string
}

// Text is one of the texts of a File.
type Text struct {
	file    *File
	name    string
	order   int // among the texts
	lines   []string
	secret  map[int]bool // lines that must not be repeated
	root    ast.Node     // nil if it could not be read, which was reported
	key     string       // under which it stands
	anchors map[string]ast.Node
}

// place is a position in a text.
type place struct {
	text         *Text
	line, column int
}

// New makes a File that has read nothing.
func New() *File {
	return &File{places: map[string]place{}, reported: map[string]bool{}}
}

// Read reads a YAML text into a struct. The name appears in the mistakes, which [File.Err]
// returns; least describes the expected content, for the mistake of an empty file.
func Read(name string, text []byte, into any, least string) *File {
	f := New()
	f.Open(name, text, "", least).Into(into)
	return f
}

// Open parses a text whose keys are placed under a key, "" for the first text. Its
// mistakes are added to the File.
func (f *File) Open(name string, text []byte, key, least string) *Text {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // an invisible byte order mark
	t := &Text{file: f, name: name, order: len(f.texts), lines: strings.Split(string(text), "\n"), secret: map[int]bool{}, key: key, anchors: map[string]ast.Node{}}
	f.texts = append(f.texts, t)
	if _, ok := f.places[key]; !ok {
		f.places[key] = place{t, 1, 1}
	}
	t.root = t.parse(text, least)
	return t
}

// Unreadable records that a text could not be read at all.
func (f *File) Unreadable(name, key, why string) {
	t := &Text{file: f, name: name, order: len(f.texts), key: key}
	f.texts = append(f.texts, t)
	f.add(place{t, 1, 1}, key, why)
}

// Has says whether a text sets a key, such as sites.www.hooks[0].name.
func (f *File) Has(key string) bool {
	_, ok := f.places[key]
	return ok
}

// around is the key of the section around a key.
func around(key string) string { return key[:max(strings.LastIndexAny(key, ".["), 0)] }

// at is the position of a key, or of the nearest section around it if it is missing.
func (f *File) at(key string) place {
	for {
		if p, ok := f.places[key]; ok {
			return p
		}
		if key == "" {
			return place{f.texts[0], 1, 1}
		}
		key = around(key)
	}
}

// Wrong records a mistake at a key.
func (f *File) Wrong(key, text string) { f.add(f.at(key), key, text) }

// WrongSecret records a mistake in a line that holds a secret: no mistake in that line shows it.
func (f *File) WrongSecret(key, text string) {
	at := f.at(key)
	f.add(at, key, text)
	at.text.secret[at.line] = true
}

// Where is the name of the text that has a key.
func (f *File) Where(key string) string { return f.at(key).text.name }

func (f *File) add(at place, key, text string) {
	f.problems = append(f.problems, mistake{at, key, text})
	f.reported[key] = true
}

// Reported says whether a mistake was recorded at a key or at a section around it.
func (f *File) Reported(key string) bool {
	for len(f.reported) > 0 {
		if f.reported[key] {
			return true
		}
		if key == "" {
			break
		}
		key = around(key)
	}
	return false
}

// ReportedBelow says whether a mistake was recorded within a section.
func (f *File) ReportedBelow(key string) bool {
	for known := range f.reported {
		if strings.HasPrefix(known, key+".") {
			return true
		}
	}
	return false
}

// Mistakes counts the mistakes so far.
func (f *File) Mistakes() int { return len(f.problems) }

// Err is an *Error with all mistakes in the order of the files, or nil.
func (f *File) Err() error { return f.ErrOf(func(string, string) bool { return true }) }

// ErrOf is Err of the mistakes at some keys of some texts.
func (f *File) ErrOf(these func(key, file string) bool) error {
	var found []mistake
	for _, m := range f.problems {
		if these(m.key, m.at.text.name) {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b mistake) int {
		return cmp.Or(cmp.Compare(a.at.text.order, b.at.text.order), cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	e := &Error{}
	type place struct {
		order, line, column int
		text                string
	}
	seen := map[place]bool{} // a mistake repeated by an alias or a group counts once
	for _, m := range found {
		once := place{m.at.text.order, m.at.line, m.at.column, m.text}
		if seen[once] {
			continue
		}
		seen[once] = true
		e.Problems = append(e.Problems, m.problem())
	}
	return e
}

// problem is the mistake for the user.
func (m mistake) problem() Problem {
	t := m.at.text
	p := Problem{File: t.name, Line: m.at.line, Column: m.at.column, Key: m.key, Text: m.text}
	if !t.secret[m.at.line] {
		p.Source, p.caret = t.excerpt(m.at)
	}
	return p
}

// Names are the keys at the top of the text, in its order.
func (t *Text) Names() []string {
	var names []string
	if t.root == nil {
		return nil
	}
	entries, _ := entriesOf(t.root)
	for _, e := range entries {
		if k, ok := e.Key.(*ast.StringNode); ok {
			names = append(names, k.Value)
		}
	}
	return names
}

// Into decodes the text.
func (t *Text) Into(into any) { t.into(into, &decoder{}) }

func (t *Text) into(into any, d *decoder) {
	if t.root != nil {
		t.decode(into, d, []layer{{n: t.root, in: t}})
	}
}

// decode decodes the value under the text's key.
func (t *Text) decode(into any, d *decoder, layers []layer) {
	d.File, d.places = t.file, map[string]place{}
	if t.key == "" {
		d.places[""] = place{t, 1, 1}
	}
	d.value(layers, reflect.ValueOf(into).Elem(), t.key, "")
	for key, at := range d.places {
		t.file.places[key] = at
	}
}
