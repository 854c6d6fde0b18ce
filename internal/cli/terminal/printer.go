package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pressrun/pressrun/internal/text"
)

// Printer writes answers: for people, or as JSON.
type Printer struct {
	Out io.Writer
	// Zone is that of the times that people read.
	Zone *time.Location
	JSON bool
}

// Document writes a value as indented JSON.
func (p *Printer) Document(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = fmt.Fprintln(p.Out, string(text))
	return err
}

// Line writes a value as one line of JSON.
func (p *Printer) Line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = fmt.Fprintln(p.Out, string(text))
	return err
}

// oneCell keeps a cell on its line and in its column.
var oneCell = strings.NewReplacer("\n", " ", "\t", " ")

// Table writes rows in columns. Their text may come from anywhere.
func (p *Printer) Table(rows [][]string) error {
	var columns bytes.Buffer
	w := tabwriter.NewWriter(&columns, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = oneCell.Replace(text.Plain(row[i]))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(columns.String()) {
		if _, err := fmt.Fprintln(p.Out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// Fields are names with values, of which the empty ones are left out.
type Fields [][]string

// Add adds a value that is not empty.
func (f *Fields) Add(name, value string) {
	if value != "" {
		*f = append(*f, []string{name, value})
	}
}

// At writes an instant in the reader's zone, with its name.
func (p *Printer) At(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.Zone).Format("2006-01-02 15:04:05 MST")
}

// When is At of an instant that may not be known.
func (p *Printer) When(t *time.Time) string {
	if t == nil {
		return ""
	}
	return p.At(*t)
}
