package view

import (
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Next says what goes live next at a site, and when.
type Next struct {
	// Class is its colour; the words say the same.
	Class string
	// Text says it in one sentence; More says why, and what people can do, "" where they
	// need do nothing.
	Text, More string
	// Release is the failed release that tells more, 0 for none.
	Release int64
	// Done is the part of the usual time to live that has passed, in percent; below 0 while
	// no release is on its way.
	Done float64
	// Within is the range in which it goes live; zero when that is not known.
	Within when.Range
	// Expected is when it goes live by the usual time, for a site with too few releases for
	// a range; zero when that is not known.
	Expected time.Time
}

// When says when it goes live, "" when that is not known.
func (n Next) When(c when.Clock) string {
	if around := c.Around(n.Within); around != "" || n.Expected.IsZero() {
		return around
	}
	return c.Language.Say("about %s", c.Minute(n.Expected))
}

// Outlook says what goes live next at the site.
func (d SiteDetail) Outlook() Next {
	v, l := d.Site, d.Language
	n := Next{Class: v.Headline().Class, Done: -1}
	condition := v.Condition()
	switch {
	case condition == Misconfigured || condition == Gone:
		n.Text = notServedWords(v)
	case condition == Held:
		n.Text = l.Say("Nothing goes live until somebody acts.")
		n.More = strings.TrimSpace(text.Sentence(text.Shorten(causeOfHold(v), whyShown)) + " " + faultWords(l, v.Last.Fault) + " " + heldUntil(l, v.Hold))
		n.Release = v.Last.Number
	case condition == RolledBack:
		n.Text = l.Say("Nothing goes live until somebody acts.")
		n.More = text.Sentence(text.Shorten(holdWhy(v), whyShown)) + " " + heldUntil(l, v.Hold)
	case condition == Paused || condition == Frozen:
		n.Text = keptBackText(v)
		n.More = keptWords(l)
	case condition == Differs:
		n.Text = l.Say("Somebody changed the public site without Pressrun.")
		n.More = putRightWords(l)
	case condition == Retrying:
		due := v.DispatchDue(v.Now)
		n.Text = l.Say("The last try failed. The next is at %s.", v.Clock().Minute(due.At))
		n.More = strings.TrimSpace(text.Sentence(text.Shorten(orNoReason(l, LastEndWords(v)), whyShown)) + " " + faultWords(l, v.Last.Fault))
		n.Release, n.Within = v.Last.Number, v.CurrentWithin()
	case condition == Queued:
		n.Text, n.More = slotWords(v), l.Say("It starts by itself when it is its turn.")
	case v.State == release.Ready:
		n.Text = d.restText()
	default:
		d.underWay(&n, condition)
	}
	return n
}

// causeOfHold is why the site is held: the failure of the last release, or the hold's own
// reason.
func causeOfHold(v Site) string {
	if v.Failures > 0 && v.Last.Why != "" {
		return LastEndWords(v)
	}
	return holdWhy(v)
}

// keptBackText says who or what keeps releases back, until when and why.
func keptBackText(v Site) string {
	l := v.Language
	if w := freezeOf(v); v.Condition() == Frozen && !w.To.IsZero() {
		return l.Say("Nothing goes live before %s: %s", v.Clock().Minute(w.To), text.Sentence(text.Shorten(w.Why, whyShown)))
	}
	why := text.Sentence(text.Shorten(orNoReason(l, v.Pause.Why), whyShown))
	if v.Pause.Until.IsZero() {
		return l.Say("Paused by %s until somebody resumes: %s", v.Pause.By, why)
	}
	return l.Say("Paused by %s until %s: %s", v.Pause.By, v.Clock().Minute(v.Pause.Until), why)
}

// underWay fills in the outlook while a release is on its way.
func (d SiteDetail) underWay(n *Next, condition Condition) {
	v, l := d.Site, d.Language
	n.Within = v.CurrentWithin()
	switch {
	case !v.Current.Cancel.At.IsZero():
		n.Class, n.Text = classWarn, l.Say("Release #%d is being cancelled by %s.", v.Current.Number, v.Current.Cancel.By)
		return
	case v.State == release.Complete:
		n.Text, n.Done = l.Say("It is live. The last steps of the release are under way."), 100
		return
	case v.Current.RollbackTo != 0:
		n.Text = rollingBackWords(l, v.Current) + "."
	default:
		n.Text = d.servedText(v.State == release.Requested)
	}
	if condition == Late {
		n.Text, n.More = laterText(v), lateMore(v)
	}
	n.Done = partDone(v)
	if condition == "" {
		n.Expected = v.CurrentExpected()
	}
}

// servedText counts the changes that the current release brings, or will. A schedule's
// request is for all content, and not for a change that could be counted.
func (d SiteDetail) servedText(soon bool) string {
	l, count := d.Language, words.Number(d.Current.Requests.Count)
	planned := slices.ContainsFunc(d.Served, func(r Request) bool { return r.Source != release.FromSchedule })
	if len(d.Served) > 0 && !planned && d.Current.Requests.Count == int64(len(d.Served)) {
		if soon {
			return l.Say("All content, by the schedule, will go out in a moment.")
		}
		return l.Say("Publishing all content, by the schedule.")
	}
	if soon {
		return l.Say("%d changes will go out in a moment.", count)
	}
	return l.Say("Publishing %d changes.", count)
}

// laterText says that the release takes longer than usual, and how long it has taken.
func laterText(v Site) string {
	l := v.Language
	ran := l.Took(v.Now.Sub(when.Begun(v.Current)).Truncate(time.Second))
	if v.Usual > 0 {
		return l.Say("Later than usual: started %s ago, usually %s.", ran, l.Took(v.Usual))
	}
	return l.Say("Later than usual: started %s ago.", ran)
}

// lateMore says what happens to a release that takes longer than usual.
func lateMore(v Site) string {
	if v.Current.Late.IsZero() {
		return v.Language.Say("Nothing is lost, and nobody has to do anything yet.")
	}
	return v.Language.Say("It takes longer than it may. It is being looked into; if its run is dead, it is ended and tried again.")
}

// partDone is the part of a release's usual time that has passed, in percent. It stays below
// 100 until the release is live.
func partDone(v Site) float64 {
	begun := when.Begun(v.Current)
	if begun.IsZero() || v.Usual == 0 {
		return 0
	}
	return min(95, 100*float64(v.Now.Sub(begun))/float64(v.Usual))
}

// restText is the outlook of a site at rest.
func (d SiteDetail) restText() string {
	l := d.Language
	said := l.Say("Nothing is waiting.")
	if n := len(d.Changes); n > 0 {
		said = l.Say("%d changes in the CMS, and nobody has asked for a release of it.", n)
	}
	if len(d.Schedule.Slots) > 0 {
		slot := d.Schedule.Slots[0]
		return said + " " + l.Say("The next release by the schedule is at %s.", d.Clock().Minute(slot.At))
	}
	if len(d.Scheduled) > 0 {
		return said + " " + l.Say("The next scheduled page goes out at %s.", d.Clock().Minute(d.Scheduled[0].NotBefore))
	}
	return said
}

// LiveNow says what content the public sees.
type LiveNow struct {
	// Text says it in a sentence; AsOf is the instant of the content, zero when nothing is
	// live or that is not known.
	Text string
	AsOf time.Time
	// Release is the live one, 0 for none.
	Release int64
}

// LiveNow says what content the public sees.
func (v Site) LiveNow() LiveNow {
	live, l := v.NowLive(), v.Language
	switch {
	case v.Differs():
		return LiveNow{Text: text.Sentence(text.Capital(publicWords(v)))}
	case live.Number == 0:
		return LiveNow{Text: l.Say("Nothing has been released yet.")}
	case live.RollbackTo != 0:
		return LiveNow{Release: live.Number, Text: l.Say("The public sees the content of release #%d, since the rollback at %s.",
			live.RollbackTo, v.Clock().Minute(live.Times.Complete))}
	}
	asOf := live.Watermark
	if asOf.IsZero() {
		asOf = live.Times.InProgress
	}
	if asOf.IsZero() {
		return LiveNow{Release: live.Number, Text: l.Say("The public sees release #%d, live since %s.", live.Number, v.Clock().Minute(live.Times.Complete))}
	}
	return LiveNow{Release: live.Number, AsOf: asOf, Text: l.Say("The public sees content as of %s.", v.Clock().Minute(asOf))}
}
