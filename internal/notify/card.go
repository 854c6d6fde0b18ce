package notify

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// card is what people are shown of a fact, in plain text: the kinds put it into
// their forms, and escape it.
type card struct {
	// Title says what happened in a few words, Text in a sentence or two.
	Title, Text string
	Lines       []Line
	More        int
	// Details are what else is known, such as whose fault it is.
	Details []string
	// Button leads to Link; both are "" where the app has no address.
	Button, Link string
}

// Bounds of what is shown, in characters. Even where each is escaped by five, Slack's
// 3000 of a section hold, and where each is of four bytes, the 28 KB of Teams.
const (
	longestTitle  = 120
	longestText   = 400
	longestDetail = 160
	mostAsked     = 20
)

func (f Fact) card() card {
	c := card{Title: f.title(), Text: plain(f.Text(), longestText), More: f.More, Link: f.Link()}
	for _, l := range f.Lines {
		l.Text = plain(l.Text, longestDetail)
		c.Lines = append(c.Lines, l)
	}
	if len(f.Asked) > 0 && f.Count > 1 {
		for _, r := range f.Asked {
			c.Lines = append(c.Lines, Line{Text: plain(r.name(), longestDetail), Link: f.page("requests", r.ID)})
		}
		c.More = f.Count - len(f.Asked)
	}
	c.Details = f.details()
	if c.Link != "" {
		c.Button = "Open the site's page"
		if f.Release != nil {
			c.Button = "Open " + f.releaseName()
		}
	}
	return c
}

// plain is text from elsewhere on one line, without controls, and shortened.
func plain(s string, limit int) string { return text.Shorten(text.OneLine(s), limit) }

func (r Request) name() string {
	if r.Title != "" {
		return r.Title
	}
	return "Request " + r.ID
}

func (f Fact) releaseName() string {
	if f.Release == nil {
		return ""
	}
	return "release #" + strconv.FormatInt(f.Release.Number, 10)
}

// titles say what happened in a few words.
var titles = map[Type]string{
	ReleaseRequested: "was asked for", ReleaseDispatched: "was handed over", ReleaseStarted: "has started", ReleaseInProgress: "is being published",
	ReleaseLive: "is live", ReleaseRecovered: "is live again", ReleaseLate: "is late",
	ended(release.Succeeded): "has ended", ended(release.Failed): "failed", ended(release.Cancelled): "was cancelled",
	ended(release.Stale): "was given up", ended(release.Superseded): "was replaced", ended(release.Unchanged): "had nothing to do",
	SiteHeld: "releases are held", "site.hold_lifted": "releases are no longer held", "site.paused": "releases are paused",
	"site.resumed": "releases are resumed", "site.frozen": "a freeze is planned", "site.thawed": "a freeze is over",
	"site.rollback": "is rolled back", SiteDiffers: "was changed behind Pressrun", "site.agrees": "shows what was released again",
	QueueLong: "requests wait too long", Test: "test", Digest: "what happened in the meantime",
	ScheduleSkipped: "a schedule had nothing to do",
	RequestLive:     "your change is live", RequestFailed: "your change is not live yet",
}

func (f Fact) title() string {
	words := titles[f.Type]
	if words == "" {
		words = string(f.Type)
	}
	if f.Release != nil && strings.HasPrefix(string(f.Type), "release.") {
		words = f.releaseName() + " " + words
	}
	return plain(f.Site.Title+": "+words, longestTitle)
}

// details are what else is known of a release.
func (f Fact) details() []string {
	var out []string
	if r := f.Release; r != nil {
		if r.Requests.Count > 0 {
			out = append(out, text.Count(r.Requests.Count, "request"))
		}
		if r.Fault != "" {
			out = append(out, "Fault: "+string(r.Fault))
		}
	}
	if f.By != "" {
		out = append(out, "By "+plain(f.By, longestDetail))
	}
	return append(out, f.At.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// Link is the address of the page about a fact; "" where the app has none.
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

// moreLine says that a list is not all.
func moreLine(n int) string { return fmt.Sprintf("and %d more", n) }

// First keeps the first few of the requests of one person, and counts all.
func (f *Fact) First(r Request) {
	f.Count++
	if len(f.Asked) < mostAsked {
		f.Asked = append(slices.Clip(f.Asked), r)
	}
}
