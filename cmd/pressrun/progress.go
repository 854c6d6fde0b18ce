package main

import (
	"fmt"
	"io"
	"time"
)

// progress is one line that is written over and over, on a terminal only.
type progress struct {
	out   io.Writer
	since time.Time
	now   func() time.Time
	shown bool
}

// newProgress is a progress line on standard error; one that shows nothing
// where that is no terminal.
func newProgress(t *terminal) *progress {
	p := &progress{since: t.now(), now: t.now}
	if t.progress {
		p.out = t.err
	}
	return p
}

const (
	eraseLine = "\r\x1b[K"
	// progressWidth keeps the line from breaking on a usual terminal.
	progressWidth = 100
)

func (p *progress) show(text string) {
	if p.out == nil {
		return
	}
	line := []rune(fmt.Sprintf("%s  %s", p.now().Sub(p.since).Round(time.Second), text))
	p.shown = true
	fmt.Fprint(p.out, eraseLine+string(line[:min(len(line), progressWidth)]))
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, eraseLine)
		p.shown = false
	}
}
