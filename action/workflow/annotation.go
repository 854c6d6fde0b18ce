package workflow

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// MaxAnnotations is the number of errors of a step that GitHub shows; it drops the rest
// (docs.github.com: workflow commands, limits).
const MaxAnnotations = 10

// Annotation is an error that GitHub shows beside a file, or, without one, on the run's page.
type Annotation struct {
	File      string // relative to the workspace, with slashes
	Line, Col int
	Title     string
	Text      string
}

// command is the workflow command of an annotation. Nothing in it can end the
// command, or begin a property or another command.
func (a Annotation) command() string {
	var properties []string
	add := func(name, value string) {
		if value != "" {
			properties = append(properties, name+"="+escapeProperty(value))
		}
	}
	add("file", a.File)
	if a.File != "" && a.Line > 0 {
		add("line", strconv.Itoa(a.Line))
		if a.Col > 0 {
			add("col", strconv.Itoa(a.Col))
		}
	}
	add("title", text.ShortenBytes(Line(a.Title), 200))
	return "::" + strings.TrimSpace("error "+strings.Join(properties, ",")) + "::" + escapeData(text.ShortenBytes(Line(a.Text), 2000))
}

// escapeData and escapeProperty are those of GitHub's own toolkit
// (actions/toolkit, packages/core/src/command.ts).
func escapeData(words string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(words)
}

func escapeProperty(words string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(words)
}

// Annotate shows annotations on the run's page.
func (w *Workflow) Annotate(all ...Annotation) {
	if !w.On {
		return
	}
	for _, a := range all[:min(len(all), MaxAnnotations)] {
		fmt.Fprintln(w.out, a.command())
	}
}
