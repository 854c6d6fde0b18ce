package view

import (
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Load is the result of the configurations that the app read.
type Load struct {
	// At is when the app applied the configuration in force. Again says that this was a
	// reload.
	At    time.Time
	Again bool
	// Added, Removed, Changed and Mended are the sites that it added, removed, changed, or
	// that had mistakes before.
	Added, Removed, Changed, Mended []string
	// App says that settings beside the sites changed, Restart which keys need a restart.
	App     bool
	Restart []string
	// Failed is why a later configuration was refused, "" for none, and FailedAt when.
	Failed   string
	FailedAt time.Time
}

const (
	// changeShown is how long the pages show that the configuration changed.
	changeShown = 24 * time.Hour
	// namesShown bounds the sites that an alert names.
	namesShown = 8
	// mistakesShown bounds the length of mistakes in an alert.
	mistakesShown = 1000
)

// Alerts are the alerts about the configuration, for operators.
func (o Load) Alerts(c when.Clock) []Alert {
	l := c.Language
	var out []Alert
	if o.Failed != "" {
		out = append(out, Alert{
			Kind: classBad, Title: l.Say("The configuration was not taken"), Since: c.At(o.FailedAt),
			Text: l.Say("The app goes on by the one before. %s", text.FullStop(text.Shorten(text.OneLine(o.Failed), mistakesShown))),
		})
	}
	if len(o.Restart) > 0 {
		out = append(out, Alert{
			Kind: classWarn, Title: l.Say("A part of the configuration takes a restart"), Since: c.At(o.At),
			Text: l.Say("What was before still holds of: %s.", strings.Join(o.Restart, ", ")),
		})
	}
	if said := o.changes(l); said != "" && c.Now.Sub(o.At) < changeShown {
		out = append(out, Alert{Kind: "info", Title: l.Say("The configuration changed"), Since: c.At(o.At), Text: said})
	}
	return out
}

// changes names the changes by the last reload, "" for none.
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
		names := strings.Join(one.names[:min(len(one.names), namesShown)], ", ")
		if more := len(one.names) - namesShown; more > 0 {
			names = l.Say("%s and %d more", names, more)
		}
		parts = append(parts, l.Say(string(one.what), names))
	}
	if o.App {
		parts = append(parts, l.Say("The app's own settings are other ones."))
	}
	return strings.Join(parts, " ")
}
