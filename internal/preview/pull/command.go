package pull

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/text"
)

// word begins a command.
const word = "/preview"

// maxArgument bounds how many characters of an unknown command are repeated.
const maxArgument = 80

// Command reads the command in a comment of its author; false if there is none. A command
// is a line that begins with /preview, outside of quotes and code; the first one counts.
func Command(comment, by string) (Event, bool) {
	fenced := false
	for line := range strings.Lines(comment) {
		line = strings.TrimRight(line, " \t\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") || strings.HasPrefix(strings.TrimSpace(line), "~~~") {
			fenced = !fenced
			continue
		}
		rest, is := strings.CutPrefix(line, word)
		if !is || fenced || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
			continue
		}
		return command(strings.Fields(rest), by), true
	}
	return nil, false
}

func command(words []string, by string) Event {
	name, argument := "create", ""
	if len(words) > 0 {
		name = words[0]
	}
	if len(words) > 1 {
		argument = words[1]
	}
	switch {
	case name == "create" && argument == "":
		return Asked{By: by}
	case name == "remove" && argument == "":
		return AskedRemove{By: by}
	case name == "extend" && len(words) <= 2:
		keep, err := life(argument)
		if err != nil {
			return Refused{By: by, Why: err.Error()}
		}
		return AskedExtend{By: by, Keep: keep}
	case name == "approve" && len(words) == 2:
		return Trust{By: by, Commit: text.Shorten(text.OneLine(strings.ToLower(argument)), maxArgument)}
	}
	asked := text.Shorten(text.OneLine(strings.Join(words, " ")), maxArgument)
	return Refused{By: by, Why: fmt.Sprintf("%s %s is no command: expected %s, %s remove, %s extend 30d, or %s approve COMMIT", word, asked, word, word, word, word)}
}

var days = regexp.MustCompile(`^([0-9]{1,4})d$`)

// life reads a span such as 30d or 36h; "" gives the default.
func life(argument string) (time.Duration, error) {
	if argument == "" {
		return preview.DefaultLife, nil
	}
	span, err := time.ParseDuration(argument)
	if m := days.FindStringSubmatch(argument); m != nil {
		n, convErr := strconv.Atoi(m[1])
		span, err = time.Duration(n)*24*time.Hour, convErr
	}
	if err != nil {
		return 0, fmt.Errorf("%q is no span of time: expected one such as 30d or 36h", text.Shorten(text.OneLine(argument), maxArgument))
	}
	return span, preview.CheckLife(span)
}
