package main

import (
	"fmt"
	"io"
	"time"
)

// progress is one line that is written over and over, on a terminal only.
type progress struct {
	out     io.Writer
	columns func() int
	since   time.Time
	now     func() time.Time
	shown   bool
}

// newProgress is a progress line on standard error; one that shows nothing
// where that is no terminal.
func newProgress(t *terminal) *progress {
	p := &progress{columns: t.columns, since: t.now(), now: t.now}
	if t.progress {
		p.out = t.err
	}
	return p
}

const (
	eraseLine = "\r\x1b[K"
	// progressWidth is where the line ends at the latest, however wide the terminal.
	progressWidth = 100
)

// width is how long the line may be: one that breaks can't be erased whole, so its
// last column stays free.
func (p *progress) width() int {
	if p.columns == nil {
		return progressWidth
	}
	if columns := p.columns(); columns > 1 {
		return min(columns-1, progressWidth)
	}
	return progressWidth
}

func (p *progress) show(text string) {
	if p.out == nil {
		return
	}
	line := []rune(fmt.Sprintf("%s  %s", p.now().Sub(p.since).Round(time.Second), text))
	p.shown = true
	fmt.Fprint(p.out, eraseLine+string(line[:min(len(line), p.width())]))
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, eraseLine)
		p.shown = false
	}
}
