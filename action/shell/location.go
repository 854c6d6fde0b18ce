package shell

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/pressrun/pressrun/action/workflow"
)

const (
	// maxLine bounds a line of a build's output, in bytes: a longer one is no compiler's
	// message.
	maxLine = 4096
	// maxLocations bounds the locations; few of them are shown.
	maxLocations = 200
)

// Location is the place in a file that a build's message names.
type Location struct {
	File      string // as the build named it
	Line, Col int    // Col is 0 for none
	Text      string
}

// The ways in which builds name a location. Each is the whole beginning of a
// line, so that prose and stack traces are not taken for one; and only files
// that exist are ever shown.
var (
	// Most compilers, esbuild, Vite, `tsc --pretty`:
	//	src/a.ts:3:5: message, src/a.ts:3:5 - error TS1: message, a.c:3: message
	colonForm = regexp.MustCompile(`^\s*(?:\[?(?:ERROR|Error|error)\]?:?\s+)?((?:[A-Za-z]:[\\/])?[^\s:"'<>|*?]+):([0-9]{1,7})(?::([0-9]{1,7}))?(?::| -)\s+(\S.*)$`)
	// tsc: src/a.ts(3,5): error TS1: message
	parenForm = regexp.MustCompile(`^\s*((?:[A-Za-z]:[\\/])?[^\s:"'<>|*?]+)\(([0-9]{1,7}),([0-9]{1,7})\):\s+(\S.*)$`)
	// Hugo: Error: … "/site/content/a.md:3:1": message
	quotedForm = regexp.MustCompile(`^(?:Error:|ERROR|error:)\s.*?"((?:[A-Za-z]:[\\/])?[^":<>|*?]+):([0-9]{1,7}):([0-9]{1,7})":\s+(\S.*)$`)
	// Eleventy with Nunjucks: [11ty] 2. (./src/a.njk) [Line 3, Column 5]
	bracketForm = regexp.MustCompile(`^\s*(?:\[11ty\]\s+)?(?:[0-9]+\.\s+)?(?:[A-Za-z ]+:\s+)?\(([^()":<>|*?]+)\) \[Line ([0-9]{1,7}), Column ([0-9]{1,7})\]\s*(.*)$`)
	// harmless begins messages that are no errors.
	harmless = regexp.MustCompile(`(?i)^(?:warning|warn|note|info|hint|debug|notice|in function)\b`)
)

// findLocation finds the location in one line of a build's output.
func findLocation(line string) (Location, bool) {
	if !strings.ContainsAny(line, ":[") {
		return Location{}, false
	}
	for _, form := range []*regexp.Regexp{quotedForm, parenForm, bracketForm, colonForm} {
		m := form.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		p := Location{File: m[1], Text: strings.TrimSpace(m[4])}
		p.Line, _ = strconv.Atoi(m[2]) // digits, at most seven
		p.Col, _ = strconv.Atoi(m[3])  // or nothing
		// Without a letter it is a time of day, not a file.
		if p.Line == 0 || !strings.ContainsFunc(p.File, unicode.IsLetter) || harmless.MatchString(p.Text) {
			return Location{}, false
		}
		return p, true
	}
	return Location{}, false
}

// locations finds locations in the output that is written to it. It holds one line at most.
type locations struct {
	found []Location
	line  []byte
	long  bool // the line is longer than maxLine
}

// Write implements io.Writer.
func (p *locations) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		part, rest, ended := bytes.Cut(text, []byte("\n"))
		p.add(part)
		if ended {
			p.end()
		}
		text = rest
	}
	return n, nil
}

func (p *locations) add(part []byte) {
	if p.long = p.long || len(p.line)+len(part) > maxLine; !p.long {
		p.line = append(p.line, part...)
	}
}

func (p *locations) end() {
	line, long := string(p.line), p.long
	p.line, p.long = p.line[:0], false
	if long {
		return
	}
	line = workflow.Line(line)
	if last := len(p.found) - 1; last >= 0 && p.found[last].Text == "" {
		// Eleventy writes the message in the line after the place.
		p.found[last].Text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "[11ty]"))
		return
	}
	if len(p.found) == maxLocations {
		return
	}
	if found, ok := findLocation(line); ok {
		p.found = append(p.found, found)
	}
}

// all are the locations of the whole output, the last line included.
func (p *locations) all() []Location {
	p.end()
	out := p.found
	if last := len(out) - 1; last >= 0 && out[last].Text == "" {
		out[last].Text = "something is wrong here"
	}
	return out
}
