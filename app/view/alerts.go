package view

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Alert is a message at the top of a page: that releases are kept back, or another thing
// that needs a look.
type Alert struct {
	// Kind is bad, warn or info.
	Kind, Title, Text string
	Since, Until      *when.Moment
	// Release is the one whose page tells more, 0 for none.
	Release  int64
	LinkText string
	// failure says that the alert is about a release that did not succeed.
	failure bool
}

// whyShown bounds the length of somebody's reason in an alert.
const whyShown = 200

// Alerts are the alerts of the site, the worst first.
func (v Site) Alerts() []Alert {
	var out []Alert
	l := v.Language
	if v.Differs() {
		out = append(out, Alert{
			Kind: classBad, Title: Differs.Name(l), Since: v.Clock().At(v.Public.Since),
			Text: text.Sentence(publicWords(v)) + " " + l.Say("Somebody changed the destination without Pressrun.") + " " + putRightWords(l),
		})
	}
	if v.Closed.Why != "" {
		kind := classBad
		if v.Closed.Gone {
			kind = "info"
		}
		out = append(out, Alert{Kind: kind, Title: v.Condition().Name(l), Text: notServedWords(v)})
	}
	if v.Unreachable != "" {
		out = append(out, Alert{
			Kind: classBad, Title: l.Say("No release can be started"),
			Text: text.FullStop(v.Unreachable) + " " + l.Say("Nothing is lost: what is asked for waits."),
		})
	}
	out = append(out, obstaclesOf(v)...)
	if v.Pending != "" {
		out = append(out, cdnAlert(l, v.Pending))
	}
	return out
}

// OtherAlerts are the alerts without those that repeat Outlook.
func (v Site) OtherAlerts() []Alert {
	said := v.Condition()
	return slices.DeleteFunc(v.Alerts(), func(n Alert) bool {
		return n.Title == said.Name(v.Language) || n.failure && (said == Held || said == Retrying)
	})
}

// Alerts are the alerts about the things that keep the request from being live everywhere.
func (v Request) Alerts() []Alert {
	if v.Resolution.Status != release.Live {
		return obstaclesOf(v.Of)
	}
	if v.Pending() != "" {
		return []Alert{cdnAlert(v.Of.Language, v.Pending())}
	}
	return nil
}

// obstaclesOf are the alerts about the things that keep releases back.
func obstaclesOf(v Site) []Alert {
	site, c, l := v.Site, v.Clock(), v.Language
	var out []Alert
	failed := site.Failures > 0 && site.Last.Number > 0
	switch {
	case site.Hold.On():
		out = append(out, Alert{
			Kind: heldAs(site.Hold).Class(), Title: heldAs(site.Hold).Name(l), Since: c.At(site.Hold.Since),
			Text: text.Sentence(text.Shorten(holdWhy(v), whyShown)) + " " + l.Say("Nothing is lost: what was asked for waits.") + " " + heldUntil(l, site.Hold),
		})
	case failed:
		out = append(out, Alert{
			Kind: "bad", Title: l.Say("Release #%d did not succeed", site.Last.Number), Since: c.At(site.Last.Times.Ended),
			Text: text.Sentence(text.Shorten(orNoReason(l, LastEndWords(v)), whyShown)), failure: true,
		})
	}
	if failed {
		last := &out[len(out)-1]
		last.Text += " " + faultWords(l, site.Last.Fault)
		last.Release, last.LinkText = site.Last.Number, l.Say("See what happened to release #%d", site.Last.Number)
	}
	if site.Pause.On(c.Now) {
		out = append(out, Alert{
			Kind: "warn", Title: Paused.Name(l), Since: c.At(site.Pause.At), Until: c.At(site.Pause.Until),
			Text: l.Say("By %s: %s", site.Pause.By, text.FullStop(text.Shorten(orNoReason(l, site.Pause.Why), whyShown))) + " " + keptWords(l),
		})
	}
	out = append(out, freezeAlerts(site, c)...)
	if since := v.LateSince(); !since.IsZero() {
		out = append(out, Alert{Kind: "warn", Title: Late.Name(l), Since: c.At(since), Text: lateText(v)})
	}
	return out
}

// lateText says why the current release counts as late, and what happens next.
func lateText(v Site) string {
	l := v.Language
	if v.Current.Late.IsZero() {
		return l.Say("Release #%d takes longer than usual, which is %s.", v.Current.Number, l.Took(v.Usual))
	}
	said := l.Say("Release #%d takes longer than it may. It is being looked into; if its run is dead, it is ended and tried again.", v.Current.Number)
	if v.Usual > 0 {
		said += " " + l.Say("A release usually takes %s.", l.Took(v.Usual))
	}
	return said
}

// putRightWords say how to repair a destination that somebody else changed.
func putRightWords(l words.Language) string {
	return l.Say("“Release now” publishes what is in the CMS; a rollback puts an earlier release back.")
}

func heldUntil(l words.Language, h release.Hold) string {
	if h.Lifted == release.LiftedAfterRollback {
		return l.Say("“Release now” publishes what is in the CMS now; nothing else does.")
	}
	if h.Lifted == release.LiftedByAny {
		return l.Say("It goes out with the next request of any kind.")
	}
	return l.Say("“Release now” tries again at once.")
}

// upcoming is how long ahead pages announce a freeze.
const upcoming = 7 * 24 * time.Hour

func freezeAlerts(site release.Site, c when.Clock) []Alert {
	var out []Alert
	for _, w := range site.Windows() {
		switch {
		case config.IsClosing(w): // a site that is not served has an alert of its own
		case !w.To.After(c.Now) || w.From.After(c.Now.Add(upcoming)):
		case w.From.After(c.Now):
			out = append(out, Alert{Kind: "info", Title: c.Language.Say("A freeze is coming"), Text: text.Sentence(text.Shorten(w.Why, whyShown)), Since: c.At(w.From), Until: c.At(w.To)})
		default:
			out = append(out, Alert{
				Kind: "warn", Title: Frozen.Name(c.Language), Since: c.At(w.From), Until: c.At(w.To),
				Text: text.Sentence(text.Shorten(w.Why, whyShown)) + " " + keptWords(c.Language),
			})
		}
	}
	return out
}

// cdnAlert says that the CDN may still show replaced files.
func cdnAlert(l words.Language, said string) Alert {
	return Alert{Kind: "warn", Title: l.Say("Edge pending"), Text: said}
}

// DiskAlert says that nothing can be saved since a time, and why.
func DiskAlert(why string, since time.Time, c when.Clock) Alert {
	return Alert{
		Kind: "bad", Title: c.Language.Say("Nothing can be saved"), Since: c.At(since),
		Text: text.Capital(why) + ". " + c.Language.Say("New requests are refused until there is room again; what was accepted before is safe."),
	}
}

// cdnPending says that the CDN may still show files that the live release has replaced; ""
// when it does not, or when no CDN is known. Older releases don't matter: each release also
// purges for the one before.
func cdnPending(ctx context.Context, s *ledger.Snapshot, site Site) (string, error) {
	number := site.NowLive().Number
	if number == 0 {
		return "", nil
	}
	live, err := s.Release(ctx, site.Name, number)
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nil
	}
	return pendingWords(site.Language, live), err
}

// pendingWords are "" when nothing is pending.
func pendingWords(l words.Language, r ledger.Release) string {
	m := Release{Release: r}.Measured()
	if m == nil || m.Edge == nil || m.Edge.State != api.EdgePending {
		return ""
	}
	return EdgeWords(l, *m.Edge)
}

// EdgeWords describe the state of the CDN, as api.Edge does in English.
func EdgeWords(l words.Language, e api.Edge) string {
	name := cmp.Or(e.CDN, l.Say("the CDN"))
	switch e.State {
	case api.EdgePending:
		if e.Why != "" {
			return l.Say("Live at the origin, edge pending: %s may still show what was replaced (%s). \"pressrun invalidate\" or the next release finishes it.", name, e.Why)
		}
		return l.Say("Live at the origin, edge pending: %s may still show what was replaced. \"pressrun invalidate\" or the next release finishes it.", name)
	case api.EdgeCurrent:
		return l.Say("Live everywhere: %s held nothing that changed.", name)
	case api.EdgePurged:
		took := time.Duration(e.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		return l.Say("Live everywhere: %s was told to forget %d items, in %s.", name, e.Purged, took)
	}
	return ""
}
