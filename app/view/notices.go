package app

import (
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// notice says loudly that something keeps releases back.
type notice struct {
	// Kind is bad, warn or info.
	Kind, Title, Text string
	Since, Until      *moment
	Link              string
	LinkText          string
}

// whyShown bounds the length of somebody's reason in a notice.
const whyShown = 200

// notices are what a reader must know first, the worst first.
func notices(site release.Site, c clockface) []notice {
	var out []notice
	failed := site.Failures > 0 && site.Last.Number > 0
	switch {
	case site.Hold.On():
		out = append(out, notice{
			Kind: "bad", Title: "Held", Since: c.at(site.Hold.Since),
			Text: sentence(short(whyShown, site.Hold.Why)) + " Nothing is lost: what was asked for waits. " + heldUntil(site.Hold),
		})
	case failed:
		out = append(out, notice{
			Kind: "bad", Title: fmt.Sprintf("Release #%d did not succeed", site.Last.Number), Since: c.at(site.Last.Times.Ended),
			Text: sentence(short(whyShown, orNoReason(site.Last.Why))),
		})
	}
	if failed {
		last := &out[len(out)-1]
		last.Text += " " + faultWords(site.Last.Fault)
		last.Link, last.LinkText = releaseLink(site.Name, site.Last.Number), fmt.Sprintf("See what happened to release #%d", site.Last.Number)
	}
	if site.Pause.On(c.now) {
		out = append(out, notice{
			Kind: "warn", Title: "Paused", Since: c.at(site.Pause.At), Until: c.at(site.Pause.Until),
			Text: "By " + site.Pause.By + ": " + stopped(short(whyShown, orNoReason(site.Pause.Why))) + " What is asked for is kept and goes out afterwards.",
		})
	}
	out = append(out, freezeNotices(site, c)...)
	if !site.Current.Late.IsZero() {
		out = append(out, notice{
			Kind: "warn", Title: "Late", Since: c.at(site.Current.Late),
			Text: fmt.Sprintf("Release #%d takes longer than it may. It is being looked into; if its run is dead, it is ended and tried again.", site.Current.Number),
		})
	}
	return out
}

func heldUntil(h release.Hold) string {
	if h.Lifted == release.LiftedByAny {
		return "It goes out with the next request of any kind."
	}
	return "“Release now” tries again at once."
}

// upcoming is how long ahead a freeze is told of.
const upcoming = 7 * 24 * time.Hour

func freezeNotices(site release.Site, c clockface) []notice {
	var out []notice
	for _, w := range site.Windows() {
		switch {
		case !w.To.After(c.now) || w.From.After(c.now.Add(upcoming)):
		case w.From.After(c.now):
			out = append(out, notice{Kind: "info", Title: "A freeze is coming", Text: sentence(short(whyShown, w.Why)), Since: c.at(w.From), Until: c.at(w.To)})
		default:
			out = append(out, notice{
				Kind: "warn", Title: "Frozen", Since: c.at(w.From), Until: c.at(w.To),
				Text: sentence(short(whyShown, w.Why)) + " What is asked for is kept and goes out afterwards.",
			})
		}
	}
	return out
}

// edgeNotice says that the CDN may still show what was replaced.
func edgeNotice(words string) notice {
	return notice{Kind: "warn", Title: "Edge pending", Text: words}
}

// diskNotice says that nothing can be saved.
func diskNotice(why string, since time.Time, c clockface) notice {
	return notice{
		Kind: "bad", Title: "Nothing can be saved", Since: c.at(since),
		Text: capital(why) + ". New requests are refused until there is room again; what was accepted before is safe.",
	}
}
