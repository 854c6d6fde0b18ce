// Package terminal gives a command its streams, prints answers and progress, and
// handles the signals that end it.
package terminal

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Terminal has the streams of a command, and what they can show.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	// IsTerminal says that Out is a terminal, Screen that it can be drawn anew, and
	// Progress that Err is one that can.
	IsTerminal, Screen, Progress bool
	// Colour says that answers are coloured.
	Colour bool
	// Width is how wide the terminal of Out is just now, 0 when that is not known or
	// Out is none; Columns is the same of Err.
	Width, Columns func() int
	// Height is how many lines the terminal of Out has just now, 0 when that is not
	// known or Out is none.
	Height func() int
	Now    func() time.Time
	// Local is the zone of the times that people read.
	Local *time.Location
	// Version is the program's, for the User-Agent of calls and for logs.
	Version string
}

// New is the process's own terminal.
func New() *Terminal {
	// NO_COLOR (no-color.org) and TERM=dumb ask for plain text: nothing is drawn
	// anew then either.
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	out := term.IsTerminal(int(os.Stdout.Fd()))
	return &Terminal{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		IsTerminal: out,
		Screen:     !plain && out,
		Progress:   !plain && term.IsTerminal(int(os.Stderr.Fd())),
		Colour:     environmentColours(out),
		Width:      columnsOf(os.Stdout), Columns: columnsOf(os.Stderr), Height: linesOf(os.Stdout),
		Now: time.Now, Local: time.Local,
	}
}

// columnsOf asks anew each time: people change the size of their windows.
func columnsOf(f *os.File) func() int {
	return func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return width
	}
}

func linesOf(f *os.File) func() int {
	return func() int {
		_, height, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return height
	}
}

// Printer prints answers for people on the terminal.
func (t *Terminal) Printer() *Printer {
	p := &Printer{Out: t.Out, Zone: t.Local, Colour: t.Colour}
	if t.Width != nil {
		p.Width = t.Width()
	}
	return p
}
