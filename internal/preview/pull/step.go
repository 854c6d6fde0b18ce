package pull

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
)

// Event is an event of a preview. By is always somebody who may write to the repository:
// requests of others make no events.
type Event interface{ event() }

type (
	// Refreshed is the present state of the pull request, by GitHub's API.
	Refreshed struct {
		Head   string
		Fork   bool
		Closed bool
	}
	// Asked asks for a preview. Wish is nil if the default will do; with a Wish, an
	// existing preview is built anew.
	Asked struct {
		By   string
		Wish *Wish
	}
	// Trust lets exactly one commit of a fork be built: /preview approve.
	Trust struct{ By, Commit string }
	// AskedExtend asks for more time.
	AskedExtend struct {
		By   string
		Keep time.Duration
	}
	// AskedRemove asks for its removal.
	AskedRemove struct{ By string }
	// Refused is an invalid command.
	Refused struct{ By, Why string }

	// Began says that a run is about to be dispatched. It is stored before the dispatch.
	Began struct {
		Act   Act
		Token string
	}
	// Sent says that a dispatch was sent, with its run if GitHub named it.
	Sent struct{ Token, ID, URL string }
	// NotSent says that a dispatch was certainly not carried out. Final says that a retry
	// would not help.
	NotSent struct {
		Token, Why string
		Until      time.Time
		Final      bool
	}
	// Looked is the result of looking for the run: its id, or "" if it was not found.
	Looked struct{ Token, ID, URL string }
	// Nudge says that a webhook reported a change of a run. Title is the run's title,
	// which has the token.
	Nudge struct{ ID, URL, Title string }
	// Ended says how the run ended.
	Ended struct {
		ID   string
		Good bool
		Why  string
	}
	// Reported is the run's report of the preview that it made.
	Reported struct {
		ID, Token string
		Report    Report
	}
	// Cancelled says that GitHub was asked to cancel the run.
	Cancelled struct{ Token string }
	// Posted says that the comment with the digest was posted.
	Posted struct {
		Digest  string
		Comment int64
	}
	// Deployed says that GitHub shows the deployment with the digest, or why it does not.
	Deployed struct {
		Digest string
		Failed bool
	}
	// Tick says that time has passed.
	Tick struct{}
)

func (Refreshed) event()   {}
func (Asked) event()       {}
func (Trust) event()       {}
func (AskedExtend) event() {}
func (AskedRemove) event() {}
func (Refused) event()     {}
func (Began) event()       {}
func (Sent) event()        {}
func (NotSent) event()     {}
func (Looked) event()      {}
func (Nudge) event()       {}
func (Ended) event()       {}
func (Reported) event()    {}
func (Cancelled) event()   {}
func (Posted) event()      {}
func (Deployed) event()    {}
func (Tick) event()        {}

const (
	// lookFor is how long the run of an unanswered dispatch is looked for.
	lookFor = 3 * time.Minute
	// mostTries is how often a dispatch or a removal is tried before people are told.
	mostTries = 8
	// runLimit is how long after its start a run without any sign is given up.
	runLimit = 6 * time.Hour
)

// Step is the state after an event. An event of another run than the one under way changes nothing.
func Step(s State, e Event, now time.Time) State {
	switch e := e.(type) {
	case Refreshed:
		s.refreshed(e)
	case Asked, Trust, AskedExtend, AskedRemove, Refused:
		s.asked(e)
	case Began:
		s.Run = &Run{Kind: e.Act.Kind, Commit: e.Act.Commit, Keep: e.Act.Keep, Content: s.Content(), Token: e.Token, Since: now, Sent: now, First: !s.Stands}
		s.Stands = true // from now on its files may be there
		s.Note, s.Anew = keptNote(s), s.Anew && e.Act.Kind != Create
	case Posted:
		s.CommentDigest, s.Comment = e.Digest, e.Comment
		return s // the preview itself did not change
	case Deployed:
		if s.DeployTries++; !e.Failed || s.DeployTries >= mostTries {
			s.Deployed, s.DeployTries = e.Digest, 0 // the deployment is for people only: nothing waits for it
		}
		return s
	case Tick:
		if !s.tick(now) {
			return s
		}
	default:
		s.run(e, now)
	}
	s.Updated = now
	return s
}

// keptNote is the note that stays when a run begins.
func keptNote(s State) string {
	if s.Run != nil && s.Run.Kind == Remove {
		return s.Note
	}
	return ""
}

func (s *State) refreshed(e Refreshed) {
	if e.Head != s.Head {
		s.Failed, s.Why, s.Tries, s.NotBefore = "", "", 0, time.Time{}
	}
	if e.Closed && !s.Closed && (s.Wanted || s.Stands) {
		s.Note = s.whyOver()
	}
	s.Head, s.Fork, s.Closed = e.Head, e.Fork, e.Closed
	if s.Closed {
		s.Wanted, s.Trusted, s.TrustedBy, s.Extend = false, "", "", 0
	}
}

// fullCommit matches the full hash of a commit: for a shorter one an attacker can make
// another commit with the same prefix.
var fullCommit = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func (s *State) asked(e Event) {
	s.Note = ""
	switch e := e.(type) {
	case Asked:
		if s.refuseClosed(e.By) {
			return
		}
		s.Wanted, s.By = true, e.By
		s.wish(e.Wish)
		s.Failed, s.Why, s.Tries, s.NotBefore = "", "", 0, time.Time{}
	case Trust:
		s.trust(e)
	case AskedExtend:
		switch {
		case s.Shown.Commit == "" || !s.wants():
			s.Note = fmt.Sprintf("%s asked for more time, but there is no preview: ask for one first.", e.By)
		case preview.CheckLife(e.Keep) != nil:
			s.Note = fmt.Sprintf("%s asked for more time: %v.", e.By, preview.CheckLife(e.Keep))
		default:
			s.Extend = e.Keep
		}
	case AskedRemove:
		s.Wanted, s.Extend, s.Tries, s.NotBefore = false, 0, 0, time.Time{}
		s.Note = e.By + " asked for its end."
	case Refused:
		s.Note = e.By + ": " + e.Why
	}
}

func (s *State) refuseClosed(by string) bool {
	switch {
	case s.Closed && s.Branch == "" && s.Head == "":
		s.Note = fmt.Sprintf("%s asked for a preview of pull request %d, but the repository has none of this number.", by, s.Number)
	case s.Closed && s.Branch != "":
		s.Note = by + " asked for a preview of " + s.Branch + ", but the repository has no branch and no tag of this name."
	case s.Closed:
		s.Note = by + " asked for a preview, but the pull request is closed."
	}
	return s.Closed
}

// wish applies a wish. An existing preview keeps its name.
func (s *State) wish(w *Wish) {
	switch {
	case w != nil && s.Stands:
		wished := *w
		wished.Name = s.Wish.Name
		underWay := s.Run != nil && s.Run.Kind == Create && s.Wish == wished
		s.Wish, s.Anew = wished, s.Anew || !underWay // a form that is sent twice counts once
	case w != nil:
		s.Wish = *w
	case !s.Stands:
		s.Wish = Wish{}
	}
}

// whyOver says why the preview's ref no longer exists.
func (s State) whyOver() string {
	if s.Branch != "" {
		return "The repository has no branch and no tag of this name any more."
	}
	return "The pull request was closed."
}

func (s *State) trust(e Trust) {
	switch {
	case s.refuseClosed(e.By):
	case !s.Fork:
		s.Note = e.By + " approved a commit: this pull request needs no approval, since its branch is in this repository."
	case !fullCommit.MatchString(e.Commit):
		s.Note = fmt.Sprintf("%s approved %q: expected the whole name of the newest commit, which is %s.", e.By, e.Commit, s.Head)
	case e.Commit != s.Head:
		s.Note = fmt.Sprintf("%s approved %s, but the newest commit is %s: look at it, then approve that one.", e.By, e.Commit, s.Head)
	default:
		s.Trusted, s.TrustedBy = e.Commit, e.By
		s.Wanted, s.By = true, e.By
		s.Failed, s.Why, s.Tries, s.NotBefore = "", "", 0, time.Time{}
	}
}

// tick says whether the time changed anything.
func (s *State) tick(now time.Time) bool {
	if s.Wanted && s.Shown.Commit != "" && !s.Shown.Expires.IsZero() && !now.Before(s.Shown.Expires) {
		s.Wanted, s.Extend, s.Note = false, 0, "Its time was over."
		return true
	}
	if s.Run == nil {
		return false
	}
	if s.Run.ID == "" && now.Sub(s.Run.Sent) > lookFor {
		s.retry("GitHub never showed the run that was asked for", now)
		return true
	}
	if now.Sub(s.Run.Since) > runLimit {
		s.end(Ended{ID: s.Run.ID, Why: "nothing was heard of its run for hours"}, now)
		return true
	}
	return false
}

// run applies an event of the run under way.
func (s *State) run(e Event, now time.Time) {
	if s.Run == nil {
		return
	}
	run := *s.Run
	switch e := e.(type) {
	case Sent:
		if e.Token == run.Token && run.ID == "" {
			run.ID, run.URL = e.ID, e.URL
		}
	case Looked:
		if e.Token == run.Token {
			run.Looked, run.Nudged = now, false
			if run.ID == "" {
				run.ID, run.URL = e.ID, e.URL
			}
		}
	case Nudge:
		if run.ID == "" && strings.Contains(e.Title, run.Token) {
			run.ID, run.URL = e.ID, e.URL
		}
		run.Nudged = run.Nudged || run.ID == e.ID
	case Cancelled:
		if e.Token == run.Token {
			run.Cancelled = true
		}
	case Reported:
		if run.Kind == Create && e.Token == run.Token && (run.ID == "" || e.ID == run.ID) {
			run.ID, run.Reported = e.ID, &e.Report
		}
	case NotSent:
		if e.Token == run.Token && run.ID == "" {
			s.notSent(e, now)
			return
		}
	case Ended:
		if run.ID != "" && e.ID == run.ID {
			s.end(e, now)
			return
		}
	}
	s.Run = &run
}

func (s *State) notSent(e NotSent, now time.Time) {
	s.Stands = s.Stands && !s.Run.First
	if e.Final {
		s.end(Ended{Why: e.Why}, now)
		return
	}
	s.Run, s.NotBefore = nil, e.Until
	if s.Shown.Commit == "" && s.Tries == 0 && s.wants() {
		s.Why = e.Why
	}
}

// retry starts the work again after growing pauses, up to mostTries times.
func (s *State) retry(why string, now time.Time) {
	if s.Tries++; s.Tries >= mostTries {
		s.end(Ended{Why: why}, now)
		return
	}
	s.Run, s.NotBefore = nil, now.Add(pause(s.Tries))
}

// pause grows from a minute to an hour.
func pause(tries int) time.Duration { return min(time.Minute<<min(tries-1, 6), time.Hour) }

func (s *State) end(e Ended, now time.Time) {
	run := *s.Run
	s.Run = nil
	switch {
	case run.Kind == Remove && e.Good:
		s.Stands, s.Shown, s.Tries, s.Why, s.Failed = false, Shown{}, 0, "", ""
		s.NotBefore = time.Time{}
	case run.Kind == Remove:
		s.Tries++ // never given up: the old preview is still visible
		s.NotBefore, s.Why = now.Add(pause(s.Tries)), e.Why
	case run.Kind == Extend && e.Good:
		s.Shown.Expires, s.Tries = run.Since.Add(run.Keep), 0
		if s.Extend == run.Keep {
			s.Extend = 0
		}
	case run.Kind == Extend:
		s.Extend, s.Note = 0, "More time could not be given: "+e.Why+"."
	case e.Good:
		s.show(run)
	case run.Cancelled: // by the app, for a newer run
	default:
		s.Failed, s.Why, s.Tries = run.Commit, e.Why, 0
	}
}

// show notes the build that was published. Fields that the run did not report get the
// workflow's defaults.
func (s *State) show(run Run) {
	s.Failed, s.Why, s.Tries = "", "", 0
	s.Shown = Shown{Commit: run.Commit, Content: run.Content, Expires: run.Since.Add(cmp.Or(run.Keep, preview.DefaultLife)), RunURL: run.URL}
	if r := run.Reported; r != nil {
		s.Shown.Address, s.Shown.Files, s.Shown.Differs = r.Address, r.Files, r.Differs
		if !r.Expires.IsZero() {
			s.Shown.Expires = r.Expires
		}
	}
}
