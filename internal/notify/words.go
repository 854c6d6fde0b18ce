package notify

import (
	"strconv"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Text says what happened in a sentence or two, for people.
func (f Fact) Text() string {
	l := f.Site.Language
	switch {
	case f.Type == Test:
		return l.Say("This is a test of the notices of %s.", f.Site.Title)
	case f.Type == Digest:
		return l.Say("%d notices of %s in the meantime.", words.Number(len(f.Lines)+f.More), f.Site.Title)
	case len(f.Asked) > 0:
		return f.askedText()
	case f.Request != nil:
		return f.requestText()
	case f.Release != nil:
		return f.releaseText()
	}
	return f.siteText()
}

func (f Fact) requestText() string {
	l, about := f.Site.Language, f.Request.Title
	if about == "" {
		about = l.Say("The request %s", f.Request.ID)
	} else {
		about = quoted(l, about)
	}
	if f.Type == RequestScheduled {
		return l.Say("%s is to go live on %s at %s.", about, f.Site.Title, f.Site.time(f.Request.NotBefore, "15:04"))
	}
	if f.Type == RequestWithdrawn {
		return l.Say("%s was withdrawn: %s is not released for it.", about, f.Site.Title)
	}
	if f.Type == RequestLive && f.Release.SameAs != 0 {
		return l.Say("%s is live on %s, with release #%d: nothing has changed since.", about, f.Site.Title, f.Release.SameAs)
	}
	if f.Type == RequestLive {
		return l.Say("%s is live on %s, with release #%d.", about, f.Site.Title, f.Release.Number)
	}
	return l.Say("%s is not live on %s: release #%d %s It is kept and goes out with the next release.",
		about, f.Site.Title, f.Release.Number, text.FullStop(becauseOf(l, *f.Release)))
}

// quoted puts a title from elsewhere between quotation marks.
func quoted(l words.Language, title string) string {
	inner := strconv.Quote(title)
	return l.Say("\"%s\"", inner[1:len(inner)-1])
}

// askedText is the text for the person who asked.
func (f Fact) askedText() string {
	l, title, number := f.Site.Language, f.Asked[0].Title, f.Release.Number
	if f.Type == RequestLive {
		if f.Count == 1 && title != "" {
			return l.Say("%s is live on %s, with release #%d.", quoted(l, title), f.Site.Title, number)
		}
		return l.Say("%d changes that you asked for are live on %s, with release #%d.", f.Count, f.Site.Title, number)
	}
	because := text.FullStop(becauseOf(l, *f.Release))
	if f.Count == 1 && title != "" {
		return l.Say("%s is not live on %s: release #%d %s It is kept and goes out with the next release.", quoted(l, title), f.Site.Title, number, because)
	}
	return l.Say("%d changes that you asked for are not live on %s: release #%d %s They are kept and go out with the next release.", f.Count, f.Site.Title, number, because)
}

func (f Fact) releaseText() string {
	l := f.Site.Language
	name := l.Say("Release #%d of %s", f.Release.Number, f.Site.Title)
	if f.Type == ReleaseRequested && f.Release.RollbackTo != 0 {
		return l.Say("%s was asked for: it puts release #%d back.", name, f.Release.RollbackTo)
	}
	if f.Type == ReleaseRecovered {
		return l.Say("%s is live, after %d releases that failed.", name, f.Failed)
	}
	if f.Type == ReleaseLive && f.Release.RollbackTo != 0 {
		return l.Say("%s is live: it put release #%d back.", name, f.Release.RollbackTo)
	}
	if f.Type == ContentRolledBack {
		return l.Say("%s is live: it put release #%d back.", name, f.Release.RollbackTo)
	}
	if said := releaseWords[f.Type]; said != "" {
		return l.Say(string(said), name)
	}
	if f.Release.Outcome != "" && f.Type == ended(f.Release.Outcome) {
		return text.FullStop(l.Say("%s %s", name, becauseOf(l, *f.Release)))
	}
	return f.siteText()
}

// releaseWords say what a release did.
var releaseWords = map[Type]words.Key{
	ReleaseRequested:         words.Key("%s was asked for."),
	ReleaseDispatched:        words.Key("%s was handed over to its runner."),
	ReleaseStarted:           words.Key("%s has started."),
	ReleaseInProgress:        words.Key("%s is being built and published."),
	ReleaseLive:              words.Key("%s is live."),
	ContentLive:              words.Key("%s is live."),
	ReleaseLate:              words.Key("%s takes longer than expected."),
	ended(release.Succeeded): words.Key("%s has ended: it is live."),
}

// becauseOf says how and why a release ended.
func becauseOf(l words.Language, r release.Release) string {
	said := l.Say("ended")
	switch r.Outcome {
	case release.Failed:
		said = l.Say("failed")
	case release.Cancelled:
		said = l.Say("was cancelled")
	case release.Stale:
		said = l.Say("was given up")
	case release.Superseded:
		said = l.Say("was replaced")
	case release.Succeeded:
		said = l.Say("succeeded")
	case release.Unchanged:
		said = l.Say("was not built")
	}
	if r.Why != "" {
		said += ": " + r.Why
	}
	return said
}

func (f Fact) siteText() string {
	l := f.Site.Language
	key := map[Type]words.Key{
		"site.held": words.Key("Releases of %s are held"), "site.hold_lifted": words.Key("Releases of %s are no longer held"),
		"site.paused": words.Key("Releases of %s are paused"), "site.resumed": words.Key("Releases of %s are resumed"),
		"site.frozen": words.Key("Releases of %s are to be frozen for a while"), "site.thawed": words.Key("A freeze of %s is over"),
		ScheduleSkipped: words.Key("There was nothing to do for a schedule of %s"),
		"site.rollback": words.Key("%s is rolled back"), "site.differs": words.Key("%s was changed behind Pressrun"), "site.agrees": words.Key("%s shows what was released again"),
		QueueLong: words.Key("Requests of %s wait too long"), HandoffLate: words.Key("What went live on %s was not handed off in time"),
		"site.handoff_on_time": words.Key("What went live on %s is handed off in time again"),
	}[f.Type]
	if key == "" {
		key = words.Key("Something happened to %s")
	}
	said := l.Say(string(key), f.Site.Title)
	if f.Why != "" {
		said += ": " + f.Why
	}
	return text.FullStop(said)
}
