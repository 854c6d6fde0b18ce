package strict

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// File is a file that was read: where each key stands in it, and what is wrong.
type File struct {
	name     string
	lines    []string
	places   map[string]place
	problems []Problem
	secret   map[int]bool // lines that must not be repeated
}

// Read reads a YAML text into a struct. The name stands in the mistakes, of which [File.Err]
// tells; least is what is said to be expected of a file that says nothing.
func Read(name string, text []byte, into any, least string) *File {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // a byte order mark, which nobody sees
	f := &File{name: name, lines: strings.Split(string(text), "\n"), secret: map[int]bool{}, places: map[string]place{"": {1, 1}}}
	if root := f.parse(text, least); root != nil {
		d := &decoder{File: f, anchors: map[string]ast.Node{}}
		d.value(root, reflect.ValueOf(into).Elem(), "", "")
	}
	return f
}

// Has says whether the file sets a key, such as sites.www.hooks[0].name.
func (f *File) Has(key string) bool {
	_, ok := f.places[key]
	return ok
}

// at is the place of a key; of the nearest section around it if it is not there.
func (f *File) at(key string) place {
	for {
		if p, ok := f.places[key]; ok {
			return p
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
}

// Wrong records a mistake at a key.
func (f *File) Wrong(key, text string) { f.add(f.at(key), key, text) }

// WrongSecret records a mistake in a line that must not be repeated to anybody, for no
// other mistake in it either.
func (f *File) WrongSecret(key, text string) {
	at := f.at(key)
	f.add(at, key, text)
	f.secret[at.line] = true
}

// add records a mistake, once: what an alias repeats is one mistake.
func (f *File) add(at place, key, text string) {
	p := Problem{File: f.name, Line: at.line, Column: at.column, Key: key, Text: text}
	p.Source, p.caret = f.excerpt(at)
	again := func(other Problem) bool {
		return other.Line == p.Line && other.Column == p.Column && other.Text == p.Text
	}
	if !slices.ContainsFunc(f.problems, again) {
		f.problems = append(f.problems, p)
	}
}

// Reported says whether a mistake is known of a key or of a section around it.
func (f *File) Reported(key string) bool {
	return slices.ContainsFunc(f.problems, func(p Problem) bool {
		below, ok := strings.CutPrefix(key, p.Key)
		return ok && (p.Key == "" || below == "" || below[0] == '.' || below[0] == '[')
	})
}

// ReportedBelow says whether a mistake is known of something within a section.
func (f *File) ReportedBelow(key string) bool {
	return slices.ContainsFunc(f.problems, func(p Problem) bool { return strings.HasPrefix(p.Key, key+".") })
}

// Mistakes counts what is wrong so far.
func (f *File) Mistakes() int { return len(f.problems) }

// Err is an *Error with all mistakes in the order of the file, or nil.
func (f *File) Err() error {
	if len(f.problems) == 0 {
		return nil
	}
	for i, p := range f.problems {
		if f.secret[p.Line] {
			f.problems[i].Source = ""
		}
	}
	slices.SortStableFunc(f.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{Problems: f.problems}
}

// place is a position in the file.
type place struct{ line, column int }
