package terminal

import (
	"fmt"
	"io"
	"time"
)

// Progress is one line that is written over and over, on a terminal only.
type Progress struct {
	out     io.Writer
	columns func() int
	since   time.Time
	now     func() time.Time
	shown   bool
}

// NewProgress is a progress line on standard error; one that shows nothing
// where that is no terminal.
func NewProgress(t *Terminal) *Progress {
	p := &Progress{columns: t.Columns, since: t.Now(), now: t.Now}
	if t.Progress {
		p.out = t.Err
	}
	return p
}

const (
	// EraseLine goes to the start of the line and erases it.
	EraseLine = "\r\x1b[K"
	// progressWidth is where the line ends at the latest, however wide the terminal.
	progressWidth = 100
)

// width is how long the line may be: one that breaks can't be erased whole, so its
// last column stays free.
func (p *Progress) width() int {
	if p.columns == nil {
		return progressWidth
	}
	if columns := p.columns(); columns > 1 {
		return min(columns-1, progressWidth)
	}
	return progressWidth
}

// Show writes a text in place of the one before it.
func (p *Progress) Show(text string) {
	if p.out == nil {
		return
	}
	line := []rune(fmt.Sprintf("%s  %s", p.now().Sub(p.since).Round(time.Second), text))
	p.shown = true
	fmt.Fprint(p.out, EraseLine+string(line[:min(len(line), p.width())]))
}

// Clear erases the line.
func (p *Progress) Clear() {
	if p.shown {
		fmt.Fprint(p.out, EraseLine)
		p.shown = false
	}
}
