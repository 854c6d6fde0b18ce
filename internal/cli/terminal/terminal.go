// Package terminal is what a command sees of the world around it: its streams,
// the way it prints answers and progress, and the signals that end it.
package terminal

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Terminal is what a command reads, and where it tells what it did.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	// Screen says that Out is a terminal that can be drawn anew; Progress that
	// Err is one.
	Screen, Progress bool
	// Columns is how wide the terminal of Err is just now; 0 when that is not known.
	Columns func() int
	Now     func() time.Time
	// Local is the zone in which people are told times.
	Local *time.Location
	// Version is the program's, as servers and logs are told it.
	Version string
}

// New is the process's own terminal.
func New() *Terminal {
	// NO_COLOR (no-color.org) and TERM=dumb ask for plain text: nothing is
	// drawn anew then. Pressrun uses no colours.
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	return &Terminal{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Screen:   !plain && term.IsTerminal(int(os.Stdout.Fd())),
		Progress: !plain && term.IsTerminal(int(os.Stderr.Fd())),
		Columns:  columns,
		Now:      time.Now, Local: time.Local,
	}
}

// columns asks anew each time: people change the size of their windows.
func columns() int {
	width, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0
	}
	return width
}
