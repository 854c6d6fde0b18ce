package main

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// terminal is what a command sees of the world around it.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	// screen says that out is a terminal that can be drawn anew; progress that
	// err is one.
	screen, progress bool
	// columns is how wide the terminal of err is just now; 0 when that is not known.
	columns func() int
	now     func() time.Time
	// local is the zone in which people are told times.
	local *time.Location
}

func newTerminal() *terminal {
	// NO_COLOR (no-color.org) and TERM=dumb ask for plain text: nothing is
	// drawn anew then. Pressrun uses no colours.
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	return &terminal{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		screen:   !plain && term.IsTerminal(int(os.Stdout.Fd())),
		progress: !plain && term.IsTerminal(int(os.Stderr.Fd())),
		columns:  columns,
		now:      time.Now, local: time.Local,
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
