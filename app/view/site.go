package view

import (
	"net/url"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Site is the view of a site at one instant.
type Site struct {
	release.Site
	Instant
	Title, URL string
	// Group is the group of sites that it belongs to, "" for none.
	Group string
	// Zone is the zone of the view's times: the site's, or the reader's choice.
	Zone *time.Location
	// Language is the reader's: all words of the view are in it.
	Language words.Language
	// Took is how long its releases take.
	when.Took
	// Pending says that the CDN may still show replaced files; "" when it does not.
	Pending string
	// Slot is the slot that its release waits for; the zero Wait where it waits for none,
	// or in a view by Decided.
	Slot slots.Wait
	// Unreachable is why its runner can't be given a release; "" if it can, as far as is
	// known.
	Unreachable string
	// Closed says why the site is not served; zero when it is.
	Closed config.Closed
}

// Clock tells time to the reader.
func (v *Site) Clock() when.Clock { return when.Clock{Now: v.Now, Zone: v.Zone, Language: v.Language} }

// StateText sums the site's state up.
func (v Site) StateText() string { return siteWords(v) }

// BesideHeadline is StateText after the headline's name, without a repetition of that name.
func BesideHeadline(v Site) string {
	said, doubled := strings.CutPrefix(v.StateText(), v.Headline().Name+": ")
	if doubled {
		said = text.Capital(said)
	}
	return said
}

// Text is StateText with Pending.
func (v Site) Text() string { return joined(v.StateText(), v.Pending) }

func joined(words, more string) string {
	if more == "" {
		return words
	}
	return words + " " + more
}

// Wire is the site as the API gives it.
func (v Site) Wire() api.Site {
	w := api.Site{
		Name: v.Name, Title: v.Title, Group: v.Group, TimeZone: v.Zone.String(), URL: v.URL, State: v.State,
		Condition: string(v.Condition()), Headline: v.Headline().Name, Since: v.Since(), LateSince: instant(v.LateSince()), UsualSeconds: v.Usual.Seconds(), Scheduled: instant(v.Scheduled), Waiting: v.waiting(), Text: v.Text(),
		Current: v.summary(v.Current), Last: v.summary(v.Last), Live: v.summary(v.Live),
	}
	if within := v.CurrentWithin(); !within.IsZero() {
		w.Expected = &api.Expected{From: within.From.UTC(), To: within.To.UTC()}
	}
	if v.Differs() {
		w.Shows = &api.Shows{Release: v.Shows(), Since: v.Public.Since, Text: publicWords(v)}
	}
	if v.Pause.On(v.Now) {
		w.Paused = &api.Pause{By: v.Pause.By, Why: v.Pause.Why, Since: v.Pause.At, Until: instant(v.Pause.Until)}
	}
	if v.Closed.Why != "" {
		w.Mistake = v.Closed.Why
	}
	if v.Hold.On() {
		w.Held = &api.Hold{Why: v.Hold.Why, Since: v.Hold.Since}
	}
	if gone := v.Removed; gone.Release > 0 {
		w.Removed = &api.Removed{Release: gone.Release, Before: gone.Before.UTC(), At: gone.At.UTC()}
	}
	for _, f := range v.Windows() {
		if f.To.After(v.Now) && !config.IsClosing(f) {
			w.Freezes = append(w.Freezes, api.Freeze(f))
		}
	}
	return w
}

// waiting has the requests that wait, and the thing that they wait for.
func (v Site) waiting() api.Waiting {
	group := v.Waiting
	w := api.Waiting{}
	if v.State == release.Requested {
		group = v.Current.Requests
		due := v.DispatchDue(v.Now)
		w.DispatchAt, w.For, w.Slot = instant(due.At), string(due.Why), slotWire(v)
		if due.Why == release.DueNothing {
			w.For = "dispatch"
		}
	} else if group.Count > 0 {
		w.For = "release"
	}
	w.Count, w.Since = group.Count, instant(group.First)
	if group.Count > 0 {
		w.Text = waitingWords(v)
	}
	return w
}

func (v Site) summary(r release.Release) *api.Release {
	if r.Number == 0 {
		return nil
	}
	w := v.release(ledger.Release{Release: r, Site: v.Name}).Wire()
	return &w
}

// WebLink is a link that a page may have, or "".
func WebLink(text string) string {
	if u, err := url.Parse(text); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return text
	}
	return ""
}

// instant is a time as the API gives it: left out when there is none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
