package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Next is what goes live next, for somebody who wants to know whether and when.
type Next struct {
	// Class is its colour; the words say the same.
	Class string
	// Text is the one sentence that says it; More is why, and what can be done, ""
	// where nothing needs doing.
	Text, More string
	// Release is one that tells what went wrong, 0 for none.
	Release int64
	// Done is how much of the way to live is behind, in parts of 100; below 0 while
	// nothing is on its way.
	Done float64
	// Within is when it goes live; zero when that can't be said.
	Within Range
	// Expected is when it goes live by the usual time, for a site that has released
	// too seldom for a range; zero when that can't be said.
	Expected time.Time
}

// When says when it goes live, "" when that is not known.
func (n Next) When(c Clock) string {
	if around := c.Around(n.Within); around != "" || n.Expected.IsZero() {
		return around
	}
	return "about " + c.Minute(n.Expected)
}

// nothingMoves is the sentence of a site that waits for a person.
const nothingMoves = "Nothing goes live until somebody acts."

// Outlook is what goes live next at a site.
func (d SiteDetail) Outlook() Next {
	v := d.Site
	n := Next{Class: v.Headline().Class, Done: -1}
	condition := v.Condition()
	switch {
	case condition == Held:
		n.Text = nothingMoves
		n.More = strings.TrimSpace(text.Sentence(text.Shorten(causeOfHold(v), whyShown)) + " " + FaultWords(v.Last.Fault) + " " + heldUntil(v.Hold))
		n.Release = v.Last.Number
	case condition == RolledBack:
		n.Text = nothingMoves
		n.More = text.Sentence(text.Shorten(v.Hold.Why, whyShown)) + " " + heldUntil(v.Hold)
	case condition == Paused || condition == Frozen:
		n.Text = keptBackText(v)
		n.More = "What is asked for is kept and goes out afterwards."
	case condition == Differs:
		n.Text = "Somebody changed the public site without Pressrun."
		n.More = "“Release now” publishes what is in the CMS; a rollback puts an earlier release back."
	case condition == Retrying:
		due := v.DispatchDue(v.Now)
		n.Text = fmt.Sprintf("The last try failed. The next is at %s.", v.Clock().Minute(due.At))
		n.More = strings.TrimSpace(text.Sentence(text.Shorten(orNoReason(v.Last.Why), whyShown)) + " " + FaultWords(v.Last.Fault))
		n.Release, n.Within = v.Last.Number, v.CurrentWithin()
	case v.State == release.Ready:
		n.Text = d.restText()
	default:
		d.underWay(&n, condition)
	}
	return n
}

// causeOfHold is why the site is held, in the words of what failed last.
func causeOfHold(v Site) string {
	if v.Failures > 0 && v.Last.Why != "" {
		return v.Last.Why
	}
	return v.Hold.Why
}

// keptBackText says who or what keeps releases back, until when and why.
func keptBackText(v Site) string {
	if w := freezeOf(v); v.Condition() == Frozen && !w.To.IsZero() {
		return fmt.Sprintf("Nothing goes live before %s: %s", v.Clock().Minute(w.To), text.Sentence(text.Shorten(w.Why, whyShown)))
	}
	why := text.Sentence(text.Shorten(orNoReason(v.Pause.Why), whyShown))
	if v.Pause.Until.IsZero() {
		return fmt.Sprintf("Paused by %s until somebody resumes: %s", v.Pause.By, why)
	}
	return fmt.Sprintf("Paused by %s until %s: %s", v.Pause.By, v.Clock().Minute(v.Pause.Until), why)
}

// underWay is what a release on its way comes to.
func (d SiteDetail) underWay(n *Next, condition Condition) {
	v := d.Site
	n.Within = v.CurrentWithin()
	what := d.servedText()
	switch {
	case !v.Current.Cancel.At.IsZero():
		n.Class, n.Text = classWarn, fmt.Sprintf("Release #%d is being cancelled by %s.", v.Current.Number, v.Current.Cancel.By)
		return
	case v.State == release.Complete:
		n.Text, n.Done = "It is live. The last steps of the release are under way.", 100
		return
	case v.Current.RollbackTo != 0:
		n.Text = rollingBackWords(v.Current) + "."
	case v.State == release.Requested:
		n.Text = text.Capital(what) + " will go out in a moment."
	default:
		n.Text = fmt.Sprintf("Publishing %s.", strings.TrimSuffix(what, ","))
	}
	if condition == Late {
		n.Text, n.More = laterText(v), lateText(v)
	}
	n.Done = partDone(v)
	if condition == "" {
		n.Expected = v.CurrentExpected()
	}
}

// servedText counts what the current release brings. A schedule asks for all
// content, which is no change that could be counted.
func (d SiteDetail) servedText() string {
	planned := slices.ContainsFunc(d.Served, func(r Request) bool { return r.Source != release.FromSchedule })
	if len(d.Served) > 0 && !planned && d.Current.Requests.Count == int64(len(d.Served)) {
		return "all content, by the schedule,"
	}
	return text.Count(d.Current.Requests.Count, "change")
}

// laterText says that the release takes longer, and by how much.
func laterText(v Site) string {
	words := "Later than usual: started " + text.Took(v.Now.Sub(BegunAt(v.Current)).Truncate(time.Second)) + " ago"
	if v.Usual > 0 {
		words += ", usually " + text.Took(v.Usual)
	}
	return words + "."
}

// partDone is how much of a release's usual time has passed, in parts of 100. It does
// not reach the end before the release does.
func partDone(v Site) float64 {
	begun := BegunAt(v.Current)
	if begun.IsZero() || v.Usual == 0 {
		return 0
	}
	return min(95, 100*float64(v.Now.Sub(begun))/float64(v.Usual))
}

// restText is said while nothing is asked for.
func (d SiteDetail) restText() string {
	words := "Nothing is waiting."
	if n := len(d.Changes); n > 0 {
		words = fmt.Sprintf("%s in the CMS, and nobody has asked for a release of it.", text.Capital(text.Count(int64(n), "change")))
	}
	if len(d.Schedule.Slots) > 0 {
		slot := d.Schedule.Slots[0]
		return words + fmt.Sprintf(" The next release by the schedule is at %s.", Clock{Now: d.Now, Zone: d.Zone}.Minute(slot.At))
	}
	if len(d.Scheduled) > 0 {
		return words + fmt.Sprintf(" The next scheduled page goes out at %s.", d.Clock().Minute(d.Scheduled[0].NotBefore))
	}
	return words
}

// LiveNow is what the public sees.
type LiveNow struct {
	// Text says it in a sentence; AsOf is the instant that the content is of, zero
	// when nothing is live or that is not known.
	Text string
	AsOf time.Time
	// Release is the one that is live, 0 for none.
	Release int64
}

// LiveNow tells of what instant the content is that the public sees.
func (v Site) LiveNow() LiveNow {
	live := v.NowLive()
	switch {
	case v.Differs():
		return LiveNow{Text: text.Sentence(text.Capital(v.PublicWords()))}
	case live.Number == 0:
		return LiveNow{Text: "Nothing has been released yet."}
	case live.RollbackTo != 0:
		return LiveNow{Release: live.Number, Text: fmt.Sprintf("The public sees the content of release #%d, since the rollback at %s.",
			live.RollbackTo, v.Clock().Minute(live.Times.Complete))}
	}
	asOf := live.Watermark
	if asOf.IsZero() {
		asOf = live.Times.InProgress
	}
	if asOf.IsZero() {
		return LiveNow{Release: live.Number, Text: fmt.Sprintf("The public sees release #%d, live since %s.", live.Number, v.Clock().Minute(live.Times.Complete))}
	}
	return LiveNow{Release: live.Number, AsOf: asOf, Text: fmt.Sprintf("The public sees content as of %s.", v.Clock().Minute(asOf))}
}
