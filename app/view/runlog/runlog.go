// Package runlog reads the output of a run for a page: a part of it, the lines with some
// words, the number of the first line with an error.
package runlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/pressrun/pressrun/internal/ansi"
)

const (
	// Lines is how many lines of an output a page shows at once.
	Lines = 500
	// hitsShown is how many lines a search shows.
	hitsShown = 200
	// lineKept bounds a line, in bytes; the rest of it is left out.
	lineKept = 4 << 10
	// mostRead bounds the part of an output that is read, in bytes.
	mostRead = 64 << 20
)

// Query selects a part of a run's output.
type Query struct {
	// From is the number of the first line, from 1; 0 for the end of the output.
	From int64
	// Words are searched without regard to case, "" for no search.
	Words string
}

// Line is a line of a run's output. Cut says that it is longer.
type Line struct {
	Number int64
	Spans  []ansi.Span
	Error  bool
	Cut    bool
}

// Log is a part of a run's output.
type Log struct {
	Lines []Line
	// Total is the number of lines, FirstError the number of the first line with an error,
	// 0 for none.
	Total, FirstError int64
	// Hits is the number of lines with the words of the search; the first are shown.
	Hits int64
	// Partial says that the output is longer than the part that is read.
	Partial bool
}

// Read reads the selected part of an output. It goes through the output once, and holds only
// a few hundred lines in memory.
func Read(from io.Reader, q Query) (Log, error) {
	limited := &io.LimitedReader{R: from, N: mostRead}
	in := bufio.NewReaderSize(limited, lineKept)
	var log Log
	var style ansi.Style
	words := strings.ToLower(q.Words)
	for {
		text, cut, err := nextLine(in)
		if errors.Is(err, io.EOF) {
			log.Partial = limited.N <= 0
			return log, nil
		}
		if err != nil {
			return log, fmt.Errorf("read the output of a run: %w", err)
		}
		log.Total++
		line := Line{Number: log.Total, Spans: style.Line(text), Cut: cut}
		plain := plainOf(line.Spans)
		if line.Error = saysError(plain); line.Error && log.FirstError == 0 {
			log.FirstError = line.Number
		}
		log.keep(line, q, words, plain)
	}
}

// keep keeps a line if it is selected.
func (l *Log) keep(line Line, q Query, words, plain string) {
	switch {
	case words != "":
		if !strings.Contains(strings.ToLower(plain), words) {
			return
		}
		if l.Hits++; l.Hits > hitsShown {
			return
		}
	case q.From > 0:
		if line.Number < q.From || line.Number >= q.From+Lines {
			return
		}
	case len(l.Lines) == 2*Lines: // the end is selected: earlier lines are dropped from time to time
		l.Lines = append(l.Lines[:0], l.Lines[Lines:]...)
	}
	l.Lines = append(l.Lines, line)
}

// Shown are the lines to show, the last ones of those that were kept.
func (l *Log) Shown() []Line { return l.Lines[max(0, len(l.Lines)-Lines):] }

// nextLine reads a line, whose tail may be cut off. The last one may have no end.
func nextLine(in *bufio.Reader) (text string, cut bool, err error) {
	piece, err := in.ReadSlice('\n')
	text = string(piece)
	for errors.Is(err, bufio.ErrBufferFull) {
		cut = true
		_, err = in.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && text != "" {
		err = nil
	}
	return text, cut, err
}

func plainOf(spans []ansi.Span) string {
	if len(spans) == 1 {
		return spans[0].Text
	}
	var all strings.Builder
	for _, s := range spans {
		all.WriteString(s.Text)
	}
	return all.String()
}

// errorWords matches the beginnings of tools' error messages: "Error:", "ERROR in", "npm
// ERR!", "fatal:", "panic:", "##[error]", "make: *** [all] Error 1", "✖". They count at the
// beginning of a line, after times and names in brackets; "0 errors" does not.
var errorWords = regexp.MustCompile(`^[\s\d:.TZ+-]*(?:\[[^\]]{1,40}\]\s*|[\w.@/-]{1,40}:\s*){0,3}(?:##\[error\]|::error\b|(?i:(?:error|fatal|panic|failed|failure|exception|traceback)\b)|npm ERR!|ERR!|\w*(?:Error|Exception):|✖|✗|\*\*\* )`)

// saysError says whether a line is an error message.
func saysError(line string) bool {
	return errorWords.MatchString(line[:min(len(line), 200)])
}
