package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Printer writes answers: for people, or as JSON.
type Printer struct {
	Out io.Writer
	// Zone is that of the times that people read. Asked says that they asked for
	// it: a site's own zone does not take its place then.
	Zone  *time.Location
	Asked bool
	JSON  bool
	// Width is how wide the terminal of Out is; 0 for a file, a pipe or an unknown
	// width: nothing is cut then. Colour says that it shows colours.
	Width  int
	Colour bool
}

// In is the printer for a site, in the site's own zone, as the app's sentences are,
// unless people asked for another: one block of text has one zone. An older app does
// not name the zone.
func (p *Printer) In(zone string) *Printer {
	if p.Asked || zone == "" {
		return p
	}
	at, err := time.LoadLocation(zone)
	if err != nil {
		return p
	}
	there := *p
	there.Zone = at
	return &there
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
