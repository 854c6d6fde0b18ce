package shell

import (
	"strings"

	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/text"
)

// tail keeps the end of the output that is written to it.
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

// lines are the last n lines that are not empty, made plain. Secrets are hidden before the
// text is split: a key has several lines.
func (t *tail) lines(n int, hide func(string) string) []string {
	var out []string
	for line := range strings.SplitSeq(hide(text.Plain(string(t.text))), "\n") {
		if line = workflow.Line(line); line != "" {
			out = append(out, line)
		}
	}
	return out[max(0, len(out)-n):]
}
