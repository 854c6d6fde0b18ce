package notify

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// card is a fact for people, in plain text: each kind of target formats and escapes it.
type card struct {
	// Title says what happened in a few words, Text in a sentence or two.
	Title, Text string
	Lines       []Line
	More        int
	// Details are further facts, such as whose fault it is.
	Details []string
	// Button leads to Link; both are "" where the app has no address.
	Button, Link string
	in           words.Language
}

// Bounds of the texts, in characters. Even if each is escaped by five characters, a
// section stays within Slack's 3000, and if each takes four bytes, a message within the
// 28 KB of Teams.
const (
	longestTitle  = 120
	longestText   = 400
	longestDetail = 160
	mostAsked     = 20
)

func (f Fact) card() card {
	l := f.Site.Language
	c := card{Title: f.title(), Text: plain(f.Text(), longestText), More: f.More, Link: f.Link(), in: l}
	for _, line := range f.Lines {
		line.Text = plain(line.Text, longestDetail)
		c.Lines = append(c.Lines, line)
	}
	if len(f.Asked) > 0 && f.Count > 1 {
		for _, r := range f.Asked {
			c.Lines = append(c.Lines, Line{Text: plain(r.name(l), longestDetail), Link: f.page("requests", r.ID)})
		}
		c.More = f.Count - len(f.Asked)
	}
	c.Details = f.details()
	if c.Link != "" {
		c.Button = l.Say("Open the site's page")
		if f.Release != nil {
			c.Button = l.Say("Open release #%d", f.Release.Number)
		}
	}
	return c
}

// plain makes one short line of text from elsewhere, without control characters.
func plain(s string, limit int) string { return text.Shorten(text.OneLine(s), limit) }

func (r Request) name(l words.Language) string {
	if r.Title != "" {
		return r.Title
	}
	return l.Say("Request %s", r.ID)
}

// titles say what happened in a few words.
var titles = map[Type]words.Key{
	ReleaseRequested: words.Key("was asked for"), ReleaseDispatched: words.Key("was handed over"), ReleaseStarted: words.Key("has started"), ReleaseInProgress: words.Key("is being published"),
	ReleaseLive: words.Key("is live"), ReleaseRecovered: words.Key("is live again"), ReleaseLate: words.Key("is late"),
	ended(release.Succeeded): words.Key("has ended"), ended(release.Failed): words.Key("failed"), ended(release.Cancelled): words.Key("was cancelled"),
	ended(release.Stale): words.Key("was given up"), ended(release.Superseded): words.Key("was replaced"), ended(release.Unchanged): words.Key("had nothing to do"),
	SiteHeld: words.Key("releases are held"), "site.hold_lifted": words.Key("releases are no longer held"), "site.paused": words.Key("releases are paused"),
	"site.resumed": words.Key("releases are resumed"), "site.frozen": words.Key("a freeze is planned"), "site.thawed": words.Key("a freeze is over"),
	"site.rollback": words.Key("is rolled back"), SiteDiffers: words.Key("was changed behind Pressrun"), "site.agrees": words.Key("shows what was released again"),
	HandoffLate: words.Key("a hand-off is late"), "site.handoff_on_time": words.Key("hand-offs are on time again"),
	QueueLong: words.Key("requests wait too long"), Test: words.Key("test"), Digest: words.Key("what happened in the meantime"),
	ScheduleSkipped: words.Key("a schedule had nothing to do"),
	RequestLive:     words.Key("your change is live"), RequestFailed: words.Key("your change is not live yet"),
}

func (f Fact) title() string {
	l, said := f.Site.Language, string(f.Type)
	if title := titles[f.Type]; title != "" {
		said = l.Say(string(title))
	}
	if f.Release != nil && strings.HasPrefix(string(f.Type), "release.") {
		said = l.Say("release #%d %s", f.Release.Number, said)
	}
	return plain(f.Site.Title+": "+said, longestTitle)
}

// details are further facts about a release.
func (f Fact) details() []string {
	var out []string
	l := f.Site.Language
	if r := f.Release; r != nil {
		if r.Requests.Count > 0 {
			out = append(out, l.Say("%d requests", words.Number(r.Requests.Count)))
		}
		if r.Fault != "" {
			out = append(out, l.Say("Fault: %s", faultName(l, r.Fault)))
		}
	}
	if f.By != "" {
		out = append(out, l.Say("By %s", plain(f.By, longestDetail)))
	}
	return append(out, f.Site.time(f.At, "15:04:05").Text)
}

// faultName is where a fault lies, in a word.
func faultName(l words.Language, f release.Fault) string {
	switch f {
	case release.FaultContent:
		return l.Say("content")
	case release.FaultBuild:
		return l.Say("build")
	case release.FaultPlatform:
		return l.Say("platform")
	case release.FaultPressrun:
		return l.Say("pressrun")
	}
	return string(f)
}

// Link is the address of the page about a fact; "" if the app has no public address.
func (f Fact) Link() string {
	if f.Release != nil {
		return f.page("sites", f.Site.Name, "releases", strconv.FormatInt(f.Release.Number, 10))
	}
	return f.page("sites", f.Site.Name)
}

func (f Fact) page(parts ...string) string {
	app := strings.TrimRight(f.Site.App, "/")
	if !strings.HasPrefix(app, "https://") && !strings.HasPrefix(app, "http://") {
		return ""
	}
	for _, part := range parts {
		app += "/" + url.PathEscape(part)
	}
	return app
}

// moreLine says that a list is not complete.
func (c card) moreLine() string { return c.in.Say("and %d more", c.More) }

// First keeps the first few of the requests of one person, and counts all.
func (f *Fact) First(r Request) {
	f.Count++
	if len(f.Asked) < mostAsked {
		f.Asked = append(slices.Clip(f.Asked), r)
	}
}
