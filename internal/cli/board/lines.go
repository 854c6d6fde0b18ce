package board

import (
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// document is a line of JSON.
type document struct {
	Sites []api.Site `json:"sites"`
}

// lines tells each change on a line of its own.
type lines struct {
	p    *terminal.Printer
	now  func() time.Time
	told map[string]string // by site; "" for the app itself
}

func (l *lines) show(k known) error {
	if l.p.JSON {
		if !k.Away.IsZero() {
			return nil
		}
		return l.tell("", fmt.Sprint(k.Sites), func() error { return l.p.Line(document{k.Sites}) })
	}
	if !k.Away.IsZero() {
		return l.say("", "-", "the app is away: "+text.OneLine(k.Why)+"; asking again")
	}
	if l.told[""] != "" {
		if err := l.say("", "-", "the app answers again"); err != nil {
			return err
		}
		l.told[""] = ""
	}
	seen := map[string]bool{}
	for _, s := range k.Sites {
		seen[s.Name] = true
		if err := l.say(s.Name, s.Name, line(s)); err != nil {
			return err
		}
	}
	for name := range l.told {
		if name != "" && !seen[name] {
			if err := l.say(name, name, "is no site any more"); err != nil {
				return err
			}
		}
	}
	return nil
}

// say tells what is new about something.
func (l *lines) say(of, name, words string) error {
	return l.tell(of, words, func() error {
		_, err := fmt.Fprintf(l.p.Out, "%s  %s  %s\n", l.p.At(l.now()), text.OneLine(name), words)
		return err
	})
}

func (l *lines) tell(of, words string, write func() error) error {
	if l.told[of] == words {
		return nil
	}
	l.told[of] = words
	return write()
}

// line is how a site stands: each word of it is worth a line when it changes.
func line(s api.Site) string {
	parts := []string{standing(s)}
	if s.Live != nil {
		parts = append(parts, fmt.Sprintf("#%d is live", s.Live.Number))
	}
	if s.Waiting.Count > 0 {
		parts = append(parts, text.Number(s.Waiting.Count)+" waiting")
	}
	return strings.Join(parts, ", ") + ": " + text.OneLine(s.Text)
}

// standing is how a site stands in a few words. An app of before gives the state alone.
func standing(s api.Site) string {
	if s.Headline == "" {
		return strings.ReplaceAll(string(s.State), "_", " ")
	}
	return text.OneLine(strings.ToLower(s.Headline[:1]) + s.Headline[1:])
}
