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

// lines prints each change on a line of its own.
type lines struct {
	p     *terminal.Printer
	now   func() time.Time
	shown map[string]string // by site; "" for the app itself
}

func (l *lines) show(k known) error {
	if l.p.JSON {
		if !k.Away.IsZero() {
			return nil
		}
		return l.once("", fmt.Sprint(k.Sites), func() error { return l.p.Line(document{k.Sites}) })
	}
	if !k.Away.IsZero() {
		return l.say("", "-", "the app is away: "+text.OneLine(k.Why)+"; asking again")
	}
	if l.shown[""] != "" {
		if err := l.say("", "-", "the app answers again"); err != nil {
			return err
		}
		l.shown[""] = ""
	}
	seen := map[string]bool{}
	for _, s := range k.Sites {
		seen[s.Name] = true
		if err := l.say(s.Name, s.Name, line(s)); err != nil {
			return err
		}
	}
	for name := range l.shown {
		if name != "" && !seen[name] {
			if err := l.say(name, name, "is no site any more"); err != nil {
				return err
			}
		}
	}
	return nil
}

// say prints a line about a site, or the app itself, unless it is the same as before.
func (l *lines) say(of, name, words string) error {
	return l.once(of, words, func() error {
		_, err := fmt.Fprintf(l.p.Out, "%s  %s  %s\n", l.p.At(l.now()), text.OneLine(name), words)
		return err
	})
}

func (l *lines) once(of, words string, write func() error) error {
	if l.shown[of] == words {
		return nil
	}
	l.shown[of] = words
	return write()
}

// line is the state of a site in words. It is printed again when any of them changes.
func line(s api.Site) string {
	parts := []string{Headline(s)}
	if s.Live != nil {
		parts = append(parts, fmt.Sprintf("#%d is live", s.Live.Number))
	}
	if s.Waiting.Count > 0 {
		parts = append(parts, text.Number(s.Waiting.Count)+" waiting")
	}
	return strings.Join(parts, ", ") + ": " + text.OneLine(s.Text)
}

// Headline is the state of a site in a few words. An older app gives the state alone.
func Headline(s api.Site) string {
	if s.Headline == "" {
		return strings.ReplaceAll(string(s.State), "_", " ")
	}
	return text.OneLine(strings.ToLower(s.Headline[:1]) + s.Headline[1:])
}
