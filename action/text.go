package action

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// lockedWriter lets several goroutines write.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// tail keeps the end of what is written to it.
type tail struct {
	max  int // bytes
	text []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > t.max {
		p = p[len(p)-t.max:]
	}
	if over := len(t.text) + len(p) - t.max; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	t.text = append(t.text, p...)
	return n, nil
}

// escapes are the colours and cursor movements of terminals.
var escapes = regexp.MustCompile("\x1b(\\[[0-9;?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)|.)")

// lines are the last n lines with something in them, made plain.
func (t *tail) lines(n int) []string {
	var out []string
	text := escapes.ReplaceAllString(string(t.text), "")
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		if line = strings.TrimRight(oneLine(line), " "); line != "" {
			out = append(out, line)
		}
	}
	return out[max(0, len(out)-n):]
}

// oldCommand begins a workflow command in its older form. Unlike "::name::" it
// is obeyed wherever it stands in a line (actions/runner, ActionCommand.TryParse).
const oldCommand = "##["

// oneLine makes text a single line without anything that a terminal or GitHub
// would obey, if it does not begin the line that it is put into.
func oneLine(text string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || r == utf8.RuneError || isBidi(r):
			return -1
		}
		return r
	}, text)
	return strings.ReplaceAll(plain, oldCommand, "## [")
}

// isBidi tells the characters that make text read other than it is.
func isBidi(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// cut shortens text to at most limit bytes, at a character's end.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// counted is a number with its word: "1 page", "2 pages".
func counted(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + one + "s"
}
