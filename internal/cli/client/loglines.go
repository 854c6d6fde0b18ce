package client

import (
	"bytes"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// logLine is a line of a run's output, as `log --json` prints it.
type logLine struct {
	Site    string `json:"site"`
	Release int64  `json:"release"`
	// Line counts from 1, in what is kept of the output.
	Line int64  `json:"line"`
	Text string `json:"text"`
	// Continues says that the line was too long and goes on in the next one.
	Continues bool `json:"continues,omitempty"`
}

// maxLogLine bounds a line of output, in bytes: a build may write no line end at all.
const maxLogLine = 256 << 10

// logLines makes lines of JSON of a run's output.
type logLines struct {
	p    *terminal.Printer
	line logLine
	rest []byte // of a line that has not ended yet
}

// Write prints the lines that have ended.
func (l *logLines) Write(text []byte) (int, error) {
	for left := text; len(left) > 0; {
		piece, rest, ended := bytes.Cut(left, []byte("\n"))
		if room := maxLogLine - len(l.rest); len(piece) > room {
			piece, rest, ended = left[:room], left[room:], false
		}
		l.rest, left = append(l.rest, piece...), rest
		if !ended && len(l.rest) < maxLogLine {
			break
		}
		if err := l.print(!ended); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}

// end prints what was left without an end of its line.
func (l *logLines) end() error {
	if len(l.rest) == 0 {
		return nil
	}
	return l.print(false)
}

func (l *logLines) print(continues bool) error {
	line := l.line
	line.Line++
	line.Text, line.Continues = strings.TrimSuffix(string(l.rest), "\r"), continues
	if continues {
		line.Text = string(l.rest)
	} else {
		l.line.Line++
	}
	l.rest = l.rest[:0]
	return l.p.Line(line)
}
