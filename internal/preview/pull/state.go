package pull

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/text"
)

// State is all that is known of the preview of a pull request or a branch. It is stored as
// JSON: names stay.
type State struct {
	Site string `json:"site"`
	// Number is the pull request's; below 0 it is made of Branch, see Subject.
	Number int64 `json:"number"`
	// Branch is a branch or a tag; "" for a pull request.
	Branch string `json:"branch,omitempty"`

	// What GitHub says of it: its newest commit, whether that is in another repository, and
	// whether it is closed, merged or deleted.
	Head   string `json:"head"`
	Fork   bool   `json:"fork,omitempty"`
	Closed bool   `json:"closed,omitempty"`

	// What people asked for.
	Wanted bool   `json:"wanted,omitempty"`
	By     string `json:"by,omitempty"`
	Wish   Wish   `json:"wish,omitzero"`
	// Anew says that what is shown is to be built once more, of whatever commit.
	Anew       bool   `json:"anew,omitempty"`
	Approved   string `json:"approved,omitempty"` // the one commit of a fork that may be built
	ApprovedBy string `json:"approved_by,omitempty"`
	// Extend is for how long it is to stay from now on; 0 when nobody asks.
	Extend time.Duration `json:"extend,omitempty"`
	// Note is the last thing that was refused, or why the preview went, for people.
	Note string `json:"note,omitempty"`

	// Run is what is under way, nil for nothing.
	Run *Run `json:"run,omitempty"`
	// Stands says that something of it is, or may be, at the place.
	Stands bool `json:"stands,omitempty"`
	// Shown is what can be looked at.
	Shown Shown `json:"shown"`
	// Failed is the commit whose last build failed, and Why tells people.
	Failed string `json:"failed,omitempty"`
	Why    string `json:"why,omitempty"`
	// Tries count what failed in a row; nothing begins before NotBefore.
	Tries     int       `json:"tries,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Updated   time.Time `json:"updated"`

	// Told is the digest of what the comment says by now, Comment its id, and Mark what it
	// is found by when the id was lost.
	Told    string `json:"told,omitempty"`
	Comment int64  `json:"comment,omitempty"`
	Mark    string `json:"mark"`
	// Deployed is the digest of the deployment that GitHub shows, and DeployTries how often
	// showing another one failed in a row.
	Deployed    string `json:"deployed,omitempty"`
	DeployTries int    `json:"deploy_tries,omitempty"`

	// Heard is what was said and not looked into yet: who said it may be nobody.
	Heard []Heard `json:"heard,omitempty"`
	// Stale says that GitHub is to be asked how the pull request stands.
	Stale bool `json:"stale,omitempty"`
}

// Heard is what somebody said, who may not be one that may.
type Heard struct {
	By      string `json:"by"`
	ID      int64  `json:"id"`
	Comment string `json:"comment,omitempty"`
	// Label says that the label was put that asks for a preview.
	Label bool `json:"label,omitempty"`
	// Form is what somebody asked the app itself for, which knows that they may.
	Form *Form `json:"form,omitempty"`
}

// Wish is how somebody wants a preview; the zero value is as previews are by themselves.
type Wish struct {
	// Name is another name than the one that is made of the branch.
	Name    string          `json:"name,omitempty"`
	Content preview.Content `json:"content,omitempty"`
	// Keep is how long it stays after each build.
	Keep time.Duration `json:"keep,omitempty"`
}

// Form is what somebody asks the app for.
type Form struct {
	Kind Kind          `json:"kind"`
	Wish Wish          `json:"wish,omitzero"`  // of Create
	Keep time.Duration `json:"keep,omitempty"` // of Extend
}

// mostHeard bounds what waits to be looked into: more is the noise of a storm.
const mostHeard = 20

// Full says whether so much of what people asked the app for waits that it takes no more.
func Full(s State) bool {
	forms := 0
	for _, h := range s.Heard {
		if h.Form != nil {
			forms++
		}
	}
	return forms >= mostHeard
}

// Hear keeps what was said, until it is known who may say so. What people ask the app for is
// always kept: it tells them before when it takes no more.
func (s State) Hear(h Heard) State {
	if h.Form != nil || len(s.Heard) < mostHeard {
		s.Heard = append(slices.Clone(s.Heard), h)
	}
	s.Stale = true
	return s
}

// Event is what was heard, of somebody who may write.
func (h Heard) Event() (Event, bool) {
	switch {
	case h.Form != nil:
		return h.Form.event(h.By), true
	case h.Label:
		return Asked{By: h.By}, true
	}
	return Command(h.Comment, h.By)
}

func (f Form) event(by string) Event {
	switch f.Kind {
	case Extend:
		return AskedExtend{By: by, Keep: f.Keep}
	case Remove:
		return AskedRemove{By: by}
	case Create:
	}
	return Asked{By: by, Wish: &f.Wish}
}

// Kind is what a run does.
type Kind string

// The kinds of runs.
const (
	Create Kind = "create"
	Extend Kind = "extend"
	Remove Kind = "remove"
)

// Run is a run of the previews' workflow.
type Run struct {
	Kind   Kind          `json:"kind"`
	Commit string        `json:"commit,omitempty"` // that it builds
	Keep   time.Duration `json:"keep,omitempty"`
	// Content is what it builds with.
	Content preview.Content `json:"content,omitempty"`
	// Token goes with the dispatch and into the run's title: by it the run is found when
	// the answer to the dispatch was lost.
	Token string    `json:"token"`
	Since time.Time `json:"since"`
	// Sent is when it was handed to GitHub, zero before; ID and URL are GitHub's.
	Sent      time.Time `json:"sent,omitzero"`
	ID        string    `json:"id,omitempty"`
	URL       string    `json:"url,omitempty"`
	Looked    time.Time `json:"looked,omitzero"` // when GitHub was last asked
	Cancelled bool      `json:"cancelled,omitempty"`
	Nudged    bool      `json:"nudged,omitempty"` // a webhook says that it changed
	// Reported is what the run said of the preview that it made.
	Reported *Report `json:"reported,omitempty"`
}

// Report is what a run tells of the preview that it made.
type Report struct {
	Address string               `json:"address,omitempty"`
	Expires time.Time            `json:"expires,omitzero"`
	Files   int                  `json:"files,omitempty"`
	Differs *preview.Differences `json:"differences,omitempty"`
}

// Bounded is a report of which no more is kept than is shown.
func (r Report) Bounded() Report {
	r.Address = text.ShortenBytes(r.Address, maxPath)
	if r.Differs == nil {
		return r
	}
	d := *r.Differs
	d.Destination = ""
	d.Pages = slices.Clone(d.Pages[:min(len(d.Pages), maxListed)])
	for i := range d.Pages {
		d.Pages[i].Path, d.Pages[i].Change = text.ShortenBytes(d.Pages[i].Path, 4*maxPath), changeWord(d.Pages[i].Change)
	}
	r.Differs = &d
	return r
}

// Shown is a preview that can be looked at; Commit is "" for none.
type Shown struct {
	Commit  string               `json:"commit,omitempty"`
	Content preview.Content      `json:"content,omitempty"`
	Address string               `json:"address,omitempty"`
	Expires time.Time            `json:"expires,omitzero"`
	Files   int                  `json:"files,omitempty"`
	RunURL  string               `json:"run_url,omitempty"`
	Differs *preview.Differences `json:"differences,omitempty"`
}

// Ref is what the preview is of. That of a pull request is no name of a branch's: nobody
// who opens one chooses it.
func (s State) Ref() string {
	if s.Branch != "" {
		return s.Branch
	}
	return "pull/" + strconv.FormatInt(s.Number, 10)
}

// Name is the preview's.
func (s State) Name() string { return cmp.Or(s.Wish.Name, preview.Name(s.Ref())) }

// Content is what it is built with.
func (s State) Content() preview.Content { return cmp.Or(s.Wish.Content, preview.Last) }

// MayBuild says whether the newest commit may be built: a fork's only if somebody
// approved exactly that one.
func (s State) MayBuild() bool { return s.Head != "" && (!s.Fork || s.Approved == s.Head) }

// wants says whether a preview is to stand.
func (s State) wants() bool { return s.Wanted && !s.Closed }

// Status is how a preview stands, in a word.
type Status string

// The statuses of a preview.
const (
	Waiting  Status = "waiting" // to be looked into, to be approved, or for its turn
	Building Status = "building"
	Ready    Status = "ready"
	Broken   Status = "failed" // its last build
	Removing Status = "removing"
	Gone     Status = "gone"
)

// Passing says whether a preview is to stand otherwise before long: whoever looks at it
// looks again.
func Passing(s State) bool {
	switch s.Status() {
	case Waiting, Building, Removing:
		return true
	case Ready, Broken, Gone:
	}
	return s.Run != nil || len(s.Heard) > 0 || s.Extend > 0
}

// Status is how the preview stands. What can be looked at is in Shown, whatever it is.
func (s State) Status() Status {
	asked := slices.ContainsFunc(s.Heard, func(h Heard) bool { return h.Form != nil && h.Form.Kind == Create })
	switch {
	case s.Run != nil && s.Run.Kind == Create:
		return Building
	case s.Stands && !s.wants():
		return Removing
	case asked:
		return Waiting
	case !s.wants():
		return Gone
	case s.Failed != "" && s.Failed == s.Head:
		return Broken
	case s.Shown.Commit == s.Head && !s.Anew && s.Head != "":
		return Ready
	}
	return Waiting
}

// Reason is why it waits, failed or went, for people; "" for none.
func (s State) Reason() string {
	switch s.Status() {
	case Waiting:
		if s.Fork && !s.MayBuild() {
			return "the branch is in a fork: on GitHub, somebody who may write has to approve commit " + s.Head + " by /preview approve"
		}
		return cmp.Or(s.Why, s.Note)
	case Ready, Gone:
		return s.Note
	case Broken, Removing:
		return cmp.Or(s.Why, s.Note)
	case Building:
	}
	return ""
}
