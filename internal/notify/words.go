package notify

import (
	"fmt"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Text says what happened in a sentence or two, for people.
func (f Fact) Text() string {
	switch {
	case f.Type == Test:
		return fmt.Sprintf("This is a test of the notices of %s.", f.Site.Title)
	case f.Type == Digest:
		return fmt.Sprintf("%s of %s in the meantime.", text.Count(len(f.Lines)+f.More, "notice"), f.Site.Title)
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
	about := f.Request.Title
	if about == "" {
		about = "The request " + f.Request.ID
	} else {
		about = fmt.Sprintf("%q", about)
	}
	if f.Type == RequestScheduled {
		return fmt.Sprintf("%s is to go live on %s at %s.", about, f.Site.Title, f.Request.NotBefore.UTC().Format("2006-01-02 15:04 MST"))
	}
	if f.Type == RequestWithdrawn {
		return fmt.Sprintf("%s was withdrawn: %s is not released for it.", about, f.Site.Title)
	}
	if f.Type == RequestLive && f.Release.SameAs != 0 {
		return fmt.Sprintf("%s is live on %s, with release #%d: nothing has changed since.", about, f.Site.Title, f.Release.SameAs)
	}
	if f.Type == RequestLive {
		return fmt.Sprintf("%s is live on %s, with release #%d.", about, f.Site.Title, f.Release.Number)
	}
	return fmt.Sprintf("%s is not live on %s: release #%d %s It is kept and goes out with the next release.",
		about, f.Site.Title, f.Release.Number, text.FullStop(becauseOf(*f.Release)))
}

// askedText is for the person who asked.
func (f Fact) askedText() string {
	what := fmt.Sprintf("%d changes that you asked for are", f.Count)
	if f.Count == 1 {
		what = "The change that you asked for is"
		if title := f.Asked[0].Title; title != "" {
			what = fmt.Sprintf("%q is", title)
		}
	}
	if f.Type == RequestLive {
		return fmt.Sprintf("%s live on %s, with release #%d.", what, f.Site.Title, f.Release.Number)
	}
	kept := "It is kept and goes"
	if f.Count > 1 {
		kept = "They are kept and go"
	}
	return fmt.Sprintf("%s not live on %s: release #%d %s %s out with the next release.",
		what, f.Site.Title, f.Release.Number, text.FullStop(becauseOf(*f.Release)), kept)
}

func (f Fact) releaseText() string {
	name := fmt.Sprintf("Release #%d of %s", f.Release.Number, f.Site.Title)
	if f.Type == ReleaseRequested && f.Release.RollbackTo != 0 {
		return fmt.Sprintf("%s was asked for: it puts release #%d back.", name, f.Release.RollbackTo)
	}
	if f.Type == ReleaseRecovered {
		return fmt.Sprintf("%s is live, after %s that failed.", name, text.Count(f.Failed, "release"))
	}
	if f.Type == ReleaseLive && f.Release.RollbackTo != 0 {
		return fmt.Sprintf("%s is live: it put release #%d back.", name, f.Release.RollbackTo)
	}
	if words := releaseWords[f.Type]; words != "" {
		return name + words
	}
	if f.Release.Outcome != "" && f.Type == ended(f.Release.Outcome) {
		return text.FullStop(name + " " + becauseOf(*f.Release))
	}
	return f.siteText()
}

// releaseWords say what a release did, after its name.
var releaseWords = map[Type]string{
	ReleaseRequested:         " was asked for.",
	ReleaseDispatched:        " was handed over to its runner.",
	ReleaseStarted:           " has started.",
	ReleaseInProgress:        " is being built and published.",
	ReleaseLive:              " is live.",
	ReleaseLate:              " takes longer than expected.",
	ended(release.Succeeded): " has ended: it is live.",
}

// becauseOf says how a release ended, and why.
func becauseOf(r release.Release) string {
	words := map[release.Outcome]string{
		release.Failed: "failed", release.Cancelled: "was cancelled", release.Stale: "was given up", release.Superseded: "was replaced",
		release.Succeeded: "succeeded", release.Unchanged: "was not built",
	}[r.Outcome]
	if words == "" {
		words = "ended"
	}
	if r.Why != "" {
		words += ": " + r.Why
	}
	return words
}

func (f Fact) siteText() string {
	words := map[Type]string{
		"site.held": "Releases of %s are held", "site.hold_lifted": "Releases of %s are no longer held",
		"site.paused": "Releases of %s are paused", "site.resumed": "Releases of %s are resumed",
		"site.frozen": "Releases of %s are to be frozen for a while", "site.thawed": "A freeze of %s is over",
		ScheduleSkipped: "There was nothing to do for a schedule of %s",
		"site.rollback": "%s is rolled back", "site.differs": "%s was changed behind Pressrun", "site.agrees": "%s shows what was released again",
		QueueLong: "Requests of %s wait too long",
	}[f.Type]
	if words == "" {
		words = "Something happened to %s"
	}
	said := fmt.Sprintf(words, f.Site.Title)
	if f.Why != "" {
		said += ": " + f.Why
	}
	return text.FullStop(said)
}
