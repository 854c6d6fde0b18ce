package view

import (
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Load is what became of the configurations that the app read.
type Load struct {
	// At is when it took the one it goes by. Again says that this was while it ran.
	At    time.Time
	Again bool
	// Added, Removed, Changed and Mended are the sites that it brought, took away, set anew,
	// or that had mistakes before.
	Added, Removed, Changed, Mended []string
	// App says that something beside the sites changed, Restart which keys of it take a
	// restart.
	App     bool
	Restart []string
	// Failed is why a later one was not taken, "" for none, and FailedAt when.
	Failed   string
	FailedAt time.Time
}

const (
	// loadTold is how long it is told that the configuration changed.
	loadTold = 24 * time.Hour
	// namesTold bounds the sites that a notice names.
	namesTold = 8
	// mistakesShown bounds the length of mistakes in a notice.
	mistakesShown = 1000
)

// Notices are what operators must know of the configuration.
func (o Load) Notices(c when.Clock) []Notice {
	l := c.Language
	var out []Notice
	if o.Failed != "" {
		out = append(out, Notice{
			Kind: classBad, Title: l.Say("The configuration was not taken"), Since: c.At(o.FailedAt),
			Text: l.Say("The app goes on by the one before. %s", text.FullStop(text.Shorten(text.OneLine(o.Failed), mistakesShown))),
		})
	}
	if len(o.Restart) > 0 {
		out = append(out, Notice{
			Kind: classWarn, Title: l.Say("A part of the configuration takes a restart"), Since: c.At(o.At),
			Text: l.Say("What was before still holds of: %s.", strings.Join(o.Restart, ", ")),
		})
	}
	if said := o.changes(l); said != "" && c.Now.Sub(o.At) < loadTold {
		out = append(out, Notice{Kind: "info", Title: l.Say("The configuration changed"), Since: c.At(o.At), Text: said})
	}
	return out
}

// changes say what the configuration brought, "" for nothing.
func (o Load) changes(l words.Language) string {
	if !o.Again {
		return ""
	}
	var parts []string
	for _, one := range []struct {
		what  words.Key
		names []string
	}{
		{words.Key("Added: %s."), o.Added},
		{words.Key("Removed: %s."), o.Removed},
		{words.Key("Set anew: %s."), o.Changed},
		{words.Key("Mended: %s."), o.Mended},
	} {
		if len(one.names) == 0 {
			continue
		}
		names := strings.Join(one.names[:min(len(one.names), namesTold)], ", ")
		if more := len(one.names) - namesTold; more > 0 {
			names = l.Say("%s and %d more", names, more)
		}
		parts = append(parts, l.Say(string(one.what), names))
	}
	if o.App {
		parts = append(parts, l.Say("The app's own settings are other ones."))
	}
	return strings.Join(parts, " ")
}
