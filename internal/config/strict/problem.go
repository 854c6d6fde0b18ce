package strict

import (
	"fmt"
	"strings"
	"unicode"
)

// Error lists all mistakes in a file.
type Error struct {
	Problems []Problem
}

// Problem is one mistake and its position. Line and column count from 1, columns in
// characters.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Key is the place in the configuration, such as sites.www.quiet.
	Key string `json:"key,omitempty"`
	// Text describes the mistake and the expected value.
	Text string `json:"text"`
	// Source is the line in the file, or "" if it may hold a secret; caret is the
	// position in it, in characters from 0.
	Source string `json:"source,omitempty"`
	caret  int
}

// Error lists every mistake.
func (e *Error) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return strings.Join(texts, "\n")
}

// String is the mistake in the form of compilers, with the line and a caret.
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

// excerptBefore and excerptWidth bound how much of a long line is shown.
const (
	excerptBefore = 60
	excerptWidth  = 120
)

// excerpt is the line at a position, cut for display, and the position of the caret.
func (t *Text) excerpt(at place) (line string, caret int) {
	if at.line < 1 || at.line > len(t.lines) {
		return "", 0
	}
	shown := []rune(strings.TrimRight(t.lines[at.line-1], "\r"))
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
