package client

import (
	"bytes"
	"io"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
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

// jsonLines prints a run's output as lines of JSON.
func jsonLines(p *terminal.Printer, site string, release int64) *lineWriter {
	number := int64(1)
	return &lineWriter{line: func(content string, continues bool) error {
		line := logLine{Site: site, Release: release, Line: number, Text: content, Continues: continues}
		if !continues {
			line.Text = strings.TrimSuffix(content, "\r")
			number++
		}
		return p.Line(line)
	}}
}

// plainLines keeps a build's output from steering the terminal that it is printed on.
func plainLines(out io.Writer) *lineWriter {
	return &lineWriter{line: func(content string, continues bool) error {
		content = text.Plain(strings.TrimSuffix(content, "\r"))
		if !continues {
			content += "\n"
		}
		_, err := io.WriteString(out, content)
		return err
	}}
}

// maxLogLine bounds a line of output, in bytes: a build may write no line end at all.
const maxLogLine = 256 << 10

// lineWriter takes a run's output as it comes, and passes it on in lines, without
// their ends.
type lineWriter struct {
	// line is called with each line; continues says that it was too long and goes
	// on in the next one.
	line func(content string, continues bool) error
	rest []byte // of a line that has not ended yet
}

// Write passes on the lines that have ended.
func (l *lineWriter) Write(output []byte) (int, error) {
	for left := output; len(left) > 0; {
		piece, rest, ended := bytes.Cut(left, []byte("\n"))
		if room := maxLogLine - len(l.rest); len(piece) > room {
			piece, rest, ended = left[:room], left[room:], false
		}
		l.rest, left = append(l.rest, piece...), rest
		if !ended && len(l.rest) < maxLogLine {
			break
		}
		if err := l.pass(!ended); err != nil {
			return 0, err
		}
	}
	return len(output), nil
}

// end passes on what was left without an end of its line.
func (l *lineWriter) end() error {
	if len(l.rest) == 0 {
		return nil
	}
	return l.pass(false)
}

func (l *lineWriter) pass(continues bool) error {
	content := string(l.rest)
	l.rest = l.rest[:0]
	return l.line(content, continues)
}
