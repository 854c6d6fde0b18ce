package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Error is everything that is wrong with a configuration file.
type Error struct {
	Problems []Problem
}

// Problem is one mistake and its place. Line and column count from 1, columns
// in characters.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Key is the place in the configuration, such as sites.www.quiet.
	Key string `json:"key,omitempty"`
	// Text says what is wrong and what was expected.
	Text string `json:"text"`
	// Source is the line as it stands in the file, or "" where it may hold a
	// secret; caret is where to point in it, in characters from 0.
	Source string `json:"source,omitempty"`
	caret  int
}

// Error tells of every mistake, one after the other.
func (e *Error) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return strings.Join(texts, "\n")
}

// String is the mistake as compilers write it, with the line and a caret.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Source != "" {
		number := fmt.Sprintf("%5d | ", p.Line)
		fmt.Fprintf(&b, "\n%s%s\n%s^", number, p.Source, strings.Repeat(" ", len(number)-2)+"| "+strings.Repeat(" ", p.caret))
	}
	return b.String()
}

// place is a position in the file.
type place struct{ line, column int }

// report collects what is wrong with one file.
type report struct {
	file     string
	lines    []string
	problems []Problem
	secret   map[int]bool // lines that must not be repeated
}

func newReport(file string, text []byte) *report {
	return &report{file: file, lines: strings.Split(string(text), "\n"), secret: map[int]bool{}}
}

// add records a mistake, once: what an alias repeats is one mistake.
func (r *report) add(at place, key, text string) {
	p := Problem{File: r.file, Line: at.line, Column: at.column, Key: key, Text: text}
	p.Source, p.caret = r.excerpt(at)
	again := func(other Problem) bool {
		return other.Line == p.Line && other.Column == p.Column && other.Text == p.Text
	}
	if !slices.ContainsFunc(r.problems, again) {
		r.problems = append(r.problems, p)
	}
}

// addSecret records a mistake in a line that must not be repeated to anybody, for
// no other mistake in it either.
func (r *report) addSecret(at place, key, text string) {
	r.add(at, key, text)
	r.secret[at.line] = true
}

// reported says whether a mistake is known of a key or of a section around it.
func (r *report) reported(key string) bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool {
		below, ok := strings.CutPrefix(key, p.Key)
		return ok && (p.Key == "" || below == "" || below[0] == '.' || below[0] == '[')
	})
}

// err is all mistakes in the order of the file, or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	for i, p := range r.problems {
		if r.secret[p.Line] {
			r.problems[i].Source = ""
		}
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{Problems: r.problems}
}

// excerptBefore and excerptWidth bound how much of a long line is shown.
const (
	excerptBefore = 60
	excerptWidth  = 120
)

// excerpt is the line at a place, fit to be shown, and where the caret goes.
func (r *report) excerpt(at place) (line string, caret int) {
	if at.line < 1 || at.line > len(r.lines) {
		return "", 0
	}
	shown := []rune(strings.TrimRight(r.lines[at.line-1], "\r"))
	for i, c := range shown {
		if c == '\t' || !unicode.IsPrint(c) {
			shown[i] = ' '
		}
	}
	caret = min(max(at.column-1, 0), len(shown))
	if caret > excerptBefore {
		cut := caret - excerptBefore
		shown, caret = shown[cut:], excerptBefore
	}
	shown = shown[:min(len(shown), excerptWidth)]
	return strings.TrimRight(string(shown), " "), caret
}
