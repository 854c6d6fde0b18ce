package action

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const (
	// maxLine bounds what is read of one line of a build's output, in bytes:
	// what is longer is no compiler's message.
	maxLine = 4096
	// maxPlaces bounds how many places are kept; few of them are shown.
	maxPlaces = 200
)

// place is where in a file a build says that something is wrong.
type place struct {
	file      string // as the build named it
	line, col int    // col is 0 when it was not said
	text      string
}

// The ways in which builds name a place. Each is the whole beginning of a
// line, so that prose and stack traces are not taken for one; and only files
// that exist are ever shown.
var (
	// Most compilers, esbuild, Vite, `tsc --pretty`:
	//	src/a.ts:3:5: message, src/a.ts:3:5 - error TS1: message, a.c:3: message
	colonPlace = regexp.MustCompile(`^\s*(?:\[?(?:ERROR|Error|error)\]?:?\s+)?((?:[A-Za-z]:[\\/])?[^\s:"'<>|*?]+):([0-9]{1,7})(?::([0-9]{1,7}))?(?::| -)\s+(\S.*)$`)
	// tsc: src/a.ts(3,5): error TS1: message
	parenPlace = regexp.MustCompile(`^\s*((?:[A-Za-z]:[\\/])?[^\s:"'<>|*?]+)\(([0-9]{1,7}),([0-9]{1,7})\):\s+(\S.*)$`)
	// Hugo: Error: … "/site/content/a.md:3:1": message
	quotedPlace = regexp.MustCompile(`^(?:Error:|ERROR|error:)\s.*?"((?:[A-Za-z]:[\\/])?[^":<>|*?]+):([0-9]{1,7}):([0-9]{1,7})":\s+(\S.*)$`)
	// Eleventy with Nunjucks: [11ty] 2. (./src/a.njk) [Line 3, Column 5]
	bracketPlace = regexp.MustCompile(`^\s*(?:\[11ty\]\s+)?(?:[0-9]+\.\s+)?(?:[A-Za-z ]+:\s+)?\(([^()":<>|*?]+)\) \[Line ([0-9]{1,7}), Column ([0-9]{1,7})\]\s*(.*)$`)
	// harmless begins what is said of a place without anything being wrong.
	harmless = regexp.MustCompile(`(?i)^(?:warning|warn|note|info|hint|debug|notice|in function)\b`)
)

// findPlace recognises one line of a build's output.
func findPlace(line string) (place, bool) {
	if !strings.ContainsAny(line, ":[") {
		return place{}, false
	}
	for _, form := range []*regexp.Regexp{quotedPlace, parenPlace, bracketPlace, colonPlace} {
		m := form.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		p := place{file: m[1], text: strings.TrimSpace(m[4])}
		p.line, _ = strconv.Atoi(m[2]) // digits, at most seven
		p.col, _ = strconv.Atoi(m[3])  // or nothing
		// Without a letter it is a time of day, not a file.
		if p.line == 0 || !strings.ContainsFunc(p.file, unicode.IsLetter) || harmless.MatchString(p.text) {
			return place{}, false
		}
		return p, true
	}
	return place{}, false
}

// places finds places in what is written to it. It never holds more than a
// line of it.
type places struct {
	found []place
	line  []byte
	long  bool // the line is longer than maxLine
}

// Write implements io.Writer.
func (p *places) Write(text []byte) (int, error) {
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

func (p *places) add(part []byte) {
	if p.long = p.long || len(p.line)+len(part) > maxLine; !p.long {
		p.line = append(p.line, part...)
	}
}

func (p *places) end() {
	line, long := string(p.line), p.long
	p.line, p.long = p.line[:0], false
	if long {
		return
	}
	line = oneLine(escapes.ReplaceAllString(line, ""))
	if last := len(p.found) - 1; last >= 0 && p.found[last].text == "" {
		// Eleventy says what is wrong in the line after the place.
		p.found[last].text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "[11ty]"))
		return
	}
	if len(p.found) == maxPlaces {
		return
	}
	if found, ok := findPlace(line); ok {
		p.found = append(p.found, found)
	}
}

// all are the places of the whole output, the last line included.
func (p *places) all() []place {
	p.end()
	out := p.found
	if last := len(out) - 1; last >= 0 && out[last].text == "" {
		out[last].text = "something is wrong here"
	}
	return out
}
