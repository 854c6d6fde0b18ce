package board

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// drawing is the board on a terminal.
type drawing struct {
	screen        *terminal.Screen
	t             *terminal.Terminal
	p             *terminal.Printer
	app           string
	width, height int
}

func (d *drawing) show(k known) error {
	width, height := sizeOf(d.t.Width), sizeOf(d.t.Height)
	if width != d.width || height != d.height {
		d.width, d.height = width, height
		d.screen.Resized()
	}
	return d.screen.Draw(frame(k, d.p, d.app, d.t.Now(), height), width, height)
}

func sizeOf(f func() int) int {
	if f == nil {
		return 0
	}
	return f()
}

// elapsed is a span in whole seconds that changes together with the clock of the first
// line, so that the board is drawn once a second.
func elapsed(from, now time.Time) string {
	return text.Span(now.Truncate(time.Second).Sub(from.Truncate(time.Second)))
}

// wide is how long a bar is, in characters.
const wide = 24

// frame is the whole board at an instant, at most height lines of it where the height
// is known: first the sites, then as many of the last events as there is room for.
func frame(k known, p *terminal.Printer, app string, now time.Time, height int) []terminal.Line {
	lines := []terminal.Line{{{Style: terminal.Bold, Text: "Pressrun"}, {Text: "  " + hostOf(app) + "  " + p.At(now)}}}
	if !k.Away.IsZero() {
		lines = append(lines, terminal.Line{
			{Style: terminal.Bad, Text: "The app has been away for " + elapsed(k.Away, now)},
			{Text: ": what is below is from before."},
		}, terminal.Line{{Text: text.OneLine(k.Why)}})
	}
	if len(k.Sites) == 0 {
		lines = append(lines, nil, terminal.Line{{Text: "This token sees no site."}})
	}
	for _, s := range k.Sites {
		lines = append(append(lines, nil), block(s, p.In(s.TimeZone), now)...)
	}
	return append(lines, feed(k, p, height-len(lines)-2)...)
}

func hostOf(app string) string {
	if u, err := url.Parse(app); err == nil && u.Host != "" {
		return u.Host
	}
	return text.OneLine(app)
}

// block is the lines of a site.
func block(s api.Site, p *terminal.Printer, now time.Time) []terminal.Line {
	words := Headline(s)
	head := terminal.Line{{Style: terminal.Bold, Text: text.OneLine(s.Name)}, {Text: "  "}, {Style: terminal.StyleOf(words), Text: words}}
	if !s.Since.IsZero() && !s.Since.After(now) {
		head = append(head, terminal.Span{Text: " for " + elapsed(s.Since, now)})
	}
	if s.Waiting.Count > 0 {
		head = append(head, terminal.Span{Text: ", " + text.Number(s.Waiting.Count) + " waiting"})
	}
	lines := []terminal.Line{head}
	if bar := progress(s, now); bar != nil {
		lines = append(lines, bar)
	}
	lines = append(lines, terminal.Line{{Text: "  " + text.OneLine(s.Text)}})
	if s.Current != nil && s.Current.Note != "" {
		lines = append(lines, terminal.Line{{Text: fmt.Sprintf("  #%d says: %s", s.Current.Number, text.OneLine(s.Current.Note))}})
	}
	if s.Live != nil && s.Live.Times.Complete != nil {
		lines = append(lines, terminal.Line{{Text: fmt.Sprintf("  Live: #%d since %s", s.Live.Number, p.At(*s.Live.Times.Complete))}})
	}
	return lines
}

// progress is how far the release under way is, by how long one usually takes; nil
// where none is, or that is not known.
func progress(s api.Site, now time.Time) terminal.Line {
	if s.Current == nil || s.Current.Times.Dispatched == nil || s.State == release.Ready || s.State == release.Complete || s.UsualSeconds <= 0 {
		return nil
	}
	took := max(now.Sub(*s.Current.Times.Dispatched), 0)
	usual := time.Duration(s.UsualSeconds * float64(time.Second))
	full := min(int(float64(wide)*float64(took)/float64(usual)), wide)
	style := terminal.Busy
	if s.LateSince != nil {
		style = terminal.Heed
	}
	return terminal.Line{
		{Text: "  "},
		{Style: style, Text: strings.Repeat("█", full)},
		{Text: strings.Repeat("░", wide-full)},
		{Text: fmt.Sprintf("  #%d %s, usually %s", s.Current.Number, elapsed(*s.Current.Times.Dispatched, now), text.Span(usual))},
	}
}

// feed is the last events, newest first; nil where there is no room.
func feed(k known, p *terminal.Printer, room int) []terminal.Line {
	if len(k.Events) == 0 || room < 1 {
		return nil
	}
	lines := []terminal.Line{nil, {{Style: terminal.Bold, Text: "What happened"}}}
	for i := len(k.Events) - 1; i >= 0 && room > 0; i, room = i-1, room-1 {
		e := k.Events[i]
		words := p.In(zoneOf(k.Sites, e.Site)).At(e.At) + "  " + text.OneLine(e.Site)
		if e.Release > 0 {
			words += fmt.Sprintf(" #%d", e.Release)
		}
		words += "  " + text.OneLine(e.Kind)
		if e.By != "" {
			words += " by " + text.OneLine(e.By)
		}
		if e.Why != "" {
			words += ": " + text.OneLine(e.Why)
		}
		lines = append(lines, terminal.Line{{Text: words}})
	}
	return lines
}

func zoneOf(sites []api.Site, name string) string {
	for _, s := range sites {
		if s.Name == name {
			return s.TimeZone
		}
	}
	return ""
}
