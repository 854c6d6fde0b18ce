package pull

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
)

// Event is what happened. By is always somebody who may write to the repository: what
// others say never gets here.
type Event interface{ event() }

type (
	// Seen is what GitHub's API says of the pull request now.
	Seen struct {
		Head   string
		Fork   bool
		Closed bool
	}
	// Asked asks for a preview. Wish is nil where nobody said how it is to be; with it, one
	// that stands is built anew.
	Asked struct {
		By   string
		Wish *Wish
	}
	// Approve lets exactly one commit of a fork be built.
	Approve struct{ By, Commit string }
	// AskedExtend asks for more time.
	AskedExtend struct {
		By   string
		Keep time.Duration
	}
	// AskedRemove asks for its end.
	AskedRemove struct{ By string }
	// Refused is a command that can't be understood.
	Refused struct{ By, Why string }

	// Began says that a run is about to be dispatched. It is written down before.
	Began struct {
		Act   Act
		Token string
	}
	// Sent says what came of a dispatch: the run, or none yet where GitHub did not tell it.
	Sent struct{ Token, ID, URL string }
	// NotSent says that a dispatch was certainly not carried out. Final is a refusal
	// that trying again does not change.
	NotSent struct {
		Token, Why string
		Until      time.Time
		Final      bool
	}
	// Looked says what GitHub told of the run, or that it told of none.
	Looked struct{ Token, ID, URL string }
	// Nudge is a webhook's word that a run changed. Title is the run's: it has the token.
	Nudge struct{ ID, URL, Title string }
	// Ended says how the run ended.
	Ended struct {
		ID   string
		Good bool
		Why  string
	}
	// Told is what the run tells of the preview that it made.
	Told struct {
		ID, Token string
		Report    Report
	}
	// Cancelled says that GitHub was asked to end the run.
	Cancelled struct{ Token string }
	// Posted says that a comment says what the digest stands for.
	Posted struct {
		Digest  string
		Comment int64
	}
	// Deployed says that GitHub shows the deployment that the digest stands for, or that it
	// could not be made to.
	Deployed struct {
		Digest string
		Failed bool
	}
	// Tick is nothing but time that goes by.
	Tick struct{}
)

func (Seen) event()        {}
func (Asked) event()       {}
func (Approve) event()     {}
func (AskedExtend) event() {}
func (AskedRemove) event() {}
func (Refused) event()     {}
func (Began) event()       {}
func (Sent) event()        {}
func (NotSent) event()     {}
func (Looked) event()      {}
func (Nudge) event()       {}
func (Ended) event()       {}
func (Told) event()        {}
func (Cancelled) event()   {}
func (Posted) event()      {}
func (Deployed) event()    {}
func (Tick) event()        {}

const (
	// lookFor is how long a run is looked for whose dispatch had no answer.
	lookFor = 3 * time.Minute
	// mostTries is how often a dispatch or a removal is tried before people are told.
	mostTries = 8
	// runLimit is when a run of which nothing is known is given up.
	runLimit = 6 * time.Hour
)

// Step is the state after an event. An event that is not for the run under way changes
// nothing.
func Step(s State, e Event, now time.Time) State {
	switch e := e.(type) {
	case Seen:
		s.seen(e)
	case Asked, Approve, AskedExtend, AskedRemove, Refused:
		s.asked(e)
	case Began:
		s.Run = &Run{Kind: e.Act.Kind, Commit: e.Act.Commit, Keep: e.Act.Keep, Content: s.Content(), Token: e.Token, Since: now, Sent: now}
		s.Stands = true // from now on something may be there
		s.Note, s.Anew = keptNote(s), s.Anew && e.Act.Kind != Create
	case Posted:
		s.Told, s.Comment = e.Digest, e.Comment
		return s // nothing of the preview changed
	case Deployed:
		if s.DeployTries++; !e.Failed || s.DeployTries >= mostTries {
			s.Deployed, s.DeployTries = e.Digest, 0 // it is for people to look at: nothing waits for it
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

// keptNote is the note beside a new run: a refusal is answered by what comes after it.
func keptNote(s State) string {
	if s.Run != nil && s.Run.Kind == Remove {
		return s.Note
	}
	return ""
}

func (s *State) seen(e Seen) {
	if e.Head != s.Head {
		s.Failed, s.Why, s.Tries, s.NotBefore = "", "", 0, time.Time{}
	}
	if e.Closed && !s.Closed && (s.Wanted || s.Stands) {
		s.Note = s.whyOver()
	}
	s.Head, s.Fork, s.Closed = e.Head, e.Fork, e.Closed
	if s.Closed {
		s.Wanted, s.Approved, s.ApprovedBy, s.Extend = false, "", "", 0
	}
}

// fullCommit is the whole name of a commit: of a shorter one somebody can make another
// commit that begins alike.
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
	case Approve:
		s.approve(e)
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

// wish takes how the preview is to be. One that stands keeps its name.
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

// whyOver says why what the preview is of has gone.
func (s State) whyOver() string {
	if s.Branch != "" {
		return "The repository has no branch and no tag of this name any more."
	}
	return "The pull request was closed."
}

func (s *State) approve(e Approve) {
	switch {
	case s.refuseClosed(e.By):
	case !s.Fork:
		s.Note = e.By + " approved a commit: this pull request needs no approval, since its branch is in this repository."
	case !fullCommit.MatchString(e.Commit):
		s.Note = fmt.Sprintf("%s approved %q: expected the whole name of the newest commit, which is %s.", e.By, e.Commit, s.Head)
	case e.Commit != s.Head:
		s.Note = fmt.Sprintf("%s approved %s, but the newest commit is %s: look at it, then approve that one.", e.By, e.Commit, s.Head)
	default:
		s.Approved, s.ApprovedBy = e.Commit, e.By
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

// run takes what is told of the run under way.
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
	case Told:
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
	if e.Final {
		s.end(Ended{Why: e.Why}, now)
		return
	}
	s.Run, s.NotBefore = nil, e.Until
	if s.Shown.Commit == "" && s.Tries == 0 && s.wants() {
		s.Why = e.Why
	}
}

// retry has what was under way begin again, later and later, until it is enough.
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
		s.Tries++ // never given up: what stands there is seen by people
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
	case run.Cancelled: // by us, for something newer
	default:
		s.Failed, s.Why, s.Tries = run.Commit, e.Why, 0
	}
}

// show takes the build that was published. What the run did not tell is what the
// workflow does by itself.
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
