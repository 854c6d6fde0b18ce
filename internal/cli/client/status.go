package client

import (
	"context"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/board"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Status shows how the sites stand.
type Status struct {
	AppFlags
	terminal.OutputFlags
	Site     string        `env:"PRESSRUN_SITE" placeholder:"NAME" help:"One site only (${env})."`
	Watch    bool          `help:"Go on, and show every change until interrupted: as a board on a terminal, a line a change elsewhere."`
	Interval time.Duration `default:"15s" placeholder:"SPAN" help:"How often --watch looks by itself; it looks at once when something happens (default ${default})."`
}

// Help has the example.
func (Status) Help() string {
	return `With --watch a terminal becomes a board that is drawn in place: each site, how far its release is, and what happened last. Ctrl-C gives the terminal back as it was. In pipes, with NO_COLOR and with --json each change is one line. It follows the app's events, and waits for an app that goes away.

Examples:

  pressrun status
  pressrun status --site www --watch
  pressrun status --json | jq -r '.sites[] | select(.held) | .name'`
}

// sitesDocument is the output of `status --json`.
type sitesDocument struct {
	Sites []api.Site `json:"sites"`
}

// Run shows how the sites stand.
func (c *Status) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.ClientIn(t, c.TimeZone)
	if err != nil {
		return err
	}
	if !c.Watch {
		sites, err := c.sites(ctx, client)
		if err != nil {
			return err
		}
		return c.show(printer{c.Printer(t)}, sites)
	}
	return board.Watch(ctx, board.Options{
		Sites: func(ctx context.Context) ([]api.Site, error) { return c.sites(ctx, client) },
		Events: func(ctx context.Context, fn func(api.Event) error) error {
			return client.Events(ctx, c.Site, api.FromNow, fn)
		},
		App: c.App, Interval: max(c.Interval, 100*time.Millisecond), Terminal: t, Printer: c.Printer(t),
	})
}

func (c *Status) sites(ctx context.Context, client *api.Client) ([]api.Site, error) {
	if c.Site == "" {
		return client.Sites(ctx)
	}
	site, err := client.Site(ctx, c.Site)
	return []api.Site{site}, err
}

func (c *Status) show(p printer, sites []api.Site) error {
	switch {
	case c.JSON:
		return p.Document(sitesDocument{sites})
	case len(sites) == 1:
		return p.site(sites[0])
	default:
		return p.sites(sites)
	}
}

// sites shows many sites, a line each.
func (p printer) sites(sites []api.Site) error {
	if len(sites) == 0 {
		_, err := fmt.Fprintln(p.Out, "This token sees no site.")
		return err
	}
	rows := [][]string{{"SITE", "STATE", "SINCE", "WAITING", "LIVE", ""}}
	for _, s := range sites {
		rows = append(rows, []string{s.Name, board.Headline(s), p.of(s.TimeZone).At(headlineSince(s)), fmt.Sprint(s.Waiting.Count), liveNumber(s), text.OneLine(s.Text)})
	}
	return p.Table(rows, "SINCE")
}

func liveNumber(s api.Site) string {
	if s.Live == nil {
		return "-"
	}
	return fmt.Sprintf("#%d", s.Live.Number)
}

// site shows all of one site.
func (p printer) site(s api.Site) error {
	title := s.Name
	if s.Title != "" && s.Title != s.Name {
		title += " (" + s.Title + ")"
	}
	p = p.of(s.TimeZone)
	if err := p.heading(terminal.Bold, title, s.Text); err != nil {
		return err
	}
	var f terminal.Fields
	f.Add("State", board.Headline(s)+p.sinceWhen(headlineSince(s)))
	f.Add("Late since", p.When(s.LateSince))
	if s.UsualSeconds > 0 {
		f.Add("Usually takes", text.Took(time.Duration(s.UsualSeconds*float64(time.Second))))
	}
	f.Add("Address", s.URL)
	f.Add("Waiting", p.waiting(s.Waiting))
	f.Add("Scheduled", p.When(s.Scheduled))
	f.Add("Current", p.releaseLine(s.Current))
	if s.Last != nil && (s.Live == nil || s.Last.Number != s.Live.Number) {
		f.Add("Last", p.releaseLine(s.Last))
	}
	f.Add("Live", p.releaseLine(s.Live))
	if s.Shows != nil {
		f.Add("Shows", fmt.Sprintf("since %s: %s", p.At(s.Shows.Since), text.OneLine(s.Shows.Text)))
	}
	if s.Paused != nil {
		f.Add("Paused", p.paused(*s.Paused))
	}
	if s.Held != nil {
		f.Add("Held", fmt.Sprintf("since %s: %s", p.At(s.Held.Since), text.OneLine(s.Held.Why)))
	}
	for _, z := range s.Freezes {
		f.Add("Freeze", p.freeze(z))
	}
	return p.Fields(f)
}

// headlineSince is since when a site's headline has been true.
func headlineSince(s api.Site) time.Time {
	switch {
	case s.Condition == "differs" && s.Shows != nil:
		return s.Shows.Since
	case (s.Condition == "held" || s.Condition == "rolled_back") && s.Held != nil:
		return s.Held.Since
	case s.Condition == "paused" && s.Paused != nil:
		return s.Paused.Since
	case s.Condition == "late" && s.LateSince != nil:
		return *s.LateSince
	case s.Condition == "frozen":
		for _, f := range s.Freezes {
			if f.From.Before(f.To) && !f.From.After(time.Now()) {
				return f.From
			}
		}
	}
	return s.Since
}

// sinceWhen is " since" an instant, or nothing where nothing has happened yet.
func (p printer) sinceWhen(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + p.At(t)
}

func (p printer) waiting(w api.Waiting) string {
	if w.Count == 0 {
		return ""
	}
	line := text.Count(w.Count, "request")
	if w.Since != nil {
		line += " since " + p.At(*w.Since)
	}
	if w.DispatchAt != nil {
		line += ", to be dispatched at " + p.At(*w.DispatchAt)
	}
	if w.For != "" {
		line += " (" + w.For + ")"
	}
	return line
}

func (p printer) paused(z api.Pause) string {
	line := "since " + p.At(z.Since) + " by " + text.OneLine(z.By)
	if z.Until != nil {
		line += ", until " + p.At(*z.Until)
	}
	if z.Why != "" {
		line += ": " + text.OneLine(z.Why)
	}
	return line
}

func (p printer) freeze(z api.Freeze) string {
	id := z.ID
	if id == "" {
		id = "(configuration)"
	}
	line := fmt.Sprintf("%s from %s to %s: %s", id, p.At(z.From), p.At(z.To), text.OneLine(z.Why))
	if z.By != "" {
		line += " (" + text.OneLine(z.By) + ")"
	}
	return line
}
