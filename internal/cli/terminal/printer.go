package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/pressrun/pressrun/internal/release"
)

// printer writes answers: for people, or as JSON.
type printer struct {
	out  io.Writer
	zone *time.Location
	json bool
	now  func() time.Time
}

// document writes a value as indented JSON.
func (p *printer) document(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = fmt.Fprintln(p.out, string(text))
	return err
}

// line writes a value as one line of JSON.
func (p *printer) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = fmt.Fprintln(p.out, string(text))
	return err
}

// table writes rows in columns.
func (p *printer) table(rows [][]string) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(oneLine(row[i]), "\t", " ")
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(p.out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// fields are names with values, of which the empty ones are left out.
type fields [][]string

func (f *fields) add(name, value string) {
	if value != "" {
		*f = append(*f, []string{name, value})
	}
}

// at writes an instant in the reader's zone, with its name.
func (p *printer) at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.zone).Format("2006-01-02 15:04:05 MST")
}

func (p *printer) when(t *time.Time) string {
	if t == nil {
		return ""
	}
	return p.at(*t)
}

// plain is text from elsewhere, made safe for a terminal: control characters,
// which could move the cursor or rewrite what stands there, become spaces.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n':
			return c
		case unicode.IsControl(c), unicode.Is(unicode.Bidi_Control, c):
			return ' '
		default:
			return c
		}
	}, text)
}

// oneLine is plain text without line ends.
func oneLine(text string) string { return strings.ReplaceAll(plain(text), "\n", " ") }

// stateWord names a state for people.
func stateWord(s release.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// took writes a span as people say it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
