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

// Notice says loudly that something keeps releases back.
type Notice struct {
	// Kind is bad, warn or info.
	Kind, Title, Text string
	Since, Until      *when.Moment
	// Release is one that tells more, 0 for none.
	Release  int64
	LinkText string
	// failure says that the notice is of a release that did not succeed.
	failure bool
}

// whyShown bounds the length of somebody's reason in a notice.
const whyShown = 200

// Notices are what a reader of the site must know first, the worst first.
func (v Site) Notices() []Notice {
	var out []Notice
	l := v.Language
	if v.Differs() {
		out = append(out, Notice{
			Kind: classBad, Title: Differs.Name(l), Since: v.Clock().At(v.Public.Since),
			Text: text.Sentence(publicWords(v)) + " " + l.Say("Somebody changed the destination without Pressrun.") + " " + putRightWords(l),
		})
	}
	if v.Closed.Why != "" {
		kind := classBad
		if v.Closed.Gone {
			kind = "info"
		}
		out = append(out, Notice{Kind: kind, Title: v.Condition().Name(l), Text: notServedWords(v)})
	}
	if v.Unreachable != "" {
		out = append(out, Notice{
			Kind: classBad, Title: l.Say("No release can be started"),
			Text: text.FullStop(v.Unreachable) + " " + l.Say("Nothing is lost: what is asked for waits."),
		})
	}
	out = append(out, obstaclesOf(v)...)
	if v.Pending != "" {
		out = append(out, cdnNotice(l, v.Pending))
	}
	return out
}

// OtherNotices are the notices that Outlook does not tell already: nothing is said
// twice on a page.
func (v Site) OtherNotices() []Notice {
	said := v.Condition()
	return slices.DeleteFunc(v.Notices(), func(n Notice) bool {
		return n.Title == said.Name(v.Language) || n.failure && (said == Held || said == Retrying)
	})
}

// Notices are what keeps the request from being live everywhere.
func (v Request) Notices() []Notice {
	if v.Resolution.Status != release.Live {
		return obstaclesOf(v.Of)
	}
	if v.Pending() != "" {
		return []Notice{cdnNotice(v.Of.Language, v.Pending())}
	}
	return nil
}

// obstaclesOf are what keeps releases back.
func obstaclesOf(v Site) []Notice {
	site, c, l := v.Site, v.Clock(), v.Language
	var out []Notice
	failed := site.Failures > 0 && site.Last.Number > 0
	switch {
	case site.Hold.On():
		out = append(out, Notice{
			Kind: heldAs(site.Hold).Class(), Title: heldAs(site.Hold).Name(l), Since: c.At(site.Hold.Since),
			Text: text.Sentence(text.Shorten(holdWhy(v), whyShown)) + " " + l.Say("Nothing is lost: what was asked for waits.") + " " + heldUntil(l, site.Hold),
		})
	case failed:
		out = append(out, Notice{
			Kind: "bad", Title: l.Say("Release #%d did not succeed", site.Last.Number), Since: c.At(site.Last.Times.Ended),
			Text: text.Sentence(text.Shorten(orNoReason(l, site.Last.Why), whyShown)), failure: true,
		})
	}
	if failed {
		last := &out[len(out)-1]
		last.Text += " " + faultWords(l, site.Last.Fault)
		last.Release, last.LinkText = site.Last.Number, l.Say("See what happened to release #%d", site.Last.Number)
	}
	if site.Pause.On(c.Now) {
		out = append(out, Notice{
			Kind: "warn", Title: Paused.Name(l), Since: c.At(site.Pause.At), Until: c.At(site.Pause.Until),
			Text: l.Say("By %s: %s", site.Pause.By, text.FullStop(text.Shorten(orNoReason(l, site.Pause.Why), whyShown))) + " " + keptWords(l),
		})
	}
	out = append(out, freezeNotices(site, c)...)
	if since := v.LateSince(); !since.IsZero() {
		out = append(out, Notice{Kind: "warn", Title: Late.Name(l), Since: c.At(since), Text: lateText(v)})
	}
	return out
}

// lateText says by what measure the current release is late, and what follows.
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

// putRightWords say what becomes of a destination that somebody else changed.
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

// upcoming is how long ahead a freeze is told of.
const upcoming = 7 * 24 * time.Hour

func freezeNotices(site release.Site, c when.Clock) []Notice {
	var out []Notice
	for _, w := range site.Windows() {
		switch {
		case config.IsClosing(w): // told otherwise
		case !w.To.After(c.Now) || w.From.After(c.Now.Add(upcoming)):
		case w.From.After(c.Now):
			out = append(out, Notice{Kind: "info", Title: c.Language.Say("A freeze is coming"), Text: text.Sentence(text.Shorten(w.Why, whyShown)), Since: c.At(w.From), Until: c.At(w.To)})
		default:
			out = append(out, Notice{
				Kind: "warn", Title: Frozen.Name(c.Language), Since: c.At(w.From), Until: c.At(w.To),
				Text: text.Sentence(text.Shorten(w.Why, whyShown)) + " " + keptWords(c.Language),
			})
		}
	}
	return out
}

// cdnNotice says that the CDN may still show what was replaced.
func cdnNotice(l words.Language, said string) Notice {
	return Notice{Kind: "warn", Title: l.Say("Edge pending"), Text: said}
}

// DiskNotice says that nothing can be saved since a time, and why.
func DiskNotice(why string, since time.Time, c when.Clock) Notice {
	return Notice{
		Kind: "bad", Title: c.Language.Say("Nothing can be saved"), Since: c.At(since),
		Text: text.Capital(why) + ". " + c.Language.Say("New requests are refused until there is room again; what was accepted before is safe."),
	}
}

// cdnPending tells that the CDN may still show what the newest live release has
// replaced; "" when it does not, or when nothing is known of a CDN. Older
// releases need no look: the next one finishes what they left.
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

// EdgeWords are what became of the CDN, as api.Edge says it in English.
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
