package pull

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/text"
)

// State is the state of the preview of a pull request or a branch. It is stored as JSON,
// whose names must stay.
type State struct {
	Site string `json:"site"`
	// Number is the pull request's number; below 0 it is derived from Branch, see Subject.
	Number int64 `json:"number"`
	// Branch is a branch or a tag; "" for a pull request.
	Branch string `json:"branch,omitempty"`

	// The pull request at GitHub: its newest commit, whether that is in another repository,
	// and whether it is closed, merged or deleted.
	Head   string `json:"head"`
	Fork   bool   `json:"fork,omitempty"`
	Closed bool   `json:"closed,omitempty"`

	// The requests of people.
	Wanted bool   `json:"wanted,omitempty"`
	By     string `json:"by,omitempty"`
	Wish   Wish   `json:"wish,omitzero"`
	// Anew says that the preview must be built again, even of the same commit.
	Anew      bool   `json:"anew,omitempty"`
	Trusted   string `json:"approved,omitempty"` // the one commit of a fork that may be built
	TrustedBy string `json:"approved_by,omitempty"`
	// Extend is how long it must stay from now on; 0 if nobody asked for more time.
	Extend time.Duration `json:"extend,omitempty"`
	// Note tells people why something was refused last, or why the preview was removed.
	Note string `json:"note,omitempty"`

	// Run is the run under way, nil for none.
	Run *Run `json:"run,omitempty"`
	// Stands says that its files are, or may be, at the place.
	Stands bool `json:"stands,omitempty"`
	// Shown is the build that can be looked at.
	Shown Shown `json:"shown"`
	// Failed is the commit whose last build failed, and Why says why, for people.
	Failed string `json:"failed,omitempty"`
	Why    string `json:"why,omitempty"`
	// Tries counts the failures in a row; no run begins before NotBefore.
	Tries     int       `json:"tries,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Updated   time.Time `json:"updated"`

	// CommentDigest is the digest of the comment's present text, Comment its id, and Mark the text
	// by which it is found when the id was lost.
	CommentDigest string `json:"told,omitempty"`
	Comment       int64  `json:"comment,omitempty"`
	Mark          string `json:"mark"`
	// Deployed is the digest of the deployment that GitHub shows, and DeployTries how often
	// an update of it failed in a row.
	Deployed    string `json:"deployed,omitempty"`
	DeployTries int    `json:"deploy_tries,omitempty"`

	// Pending are the comments, labels and forms that were not acted on yet.
	Pending []Pending `json:"heard,omitempty"`
	// Stale says that GitHub must be asked for the state of the pull request.
	Stale bool `json:"stale,omitempty"`
}

// Pending is a comment, a label or a form that waits until GitHub has told the state of the
// pull request and the permission of the author.
type Pending struct {
	By      string `json:"by"`
	ID      int64  `json:"id"`
	Comment string `json:"comment,omitempty"`
	// Label says that the label that asks for a preview was added.
	Label bool `json:"label,omitempty"`
	// Form is a request in the app itself, which has checked the permission.
	Form *Form `json:"form,omitempty"`
}

// Wish is how somebody wants a preview; the zero value is the default.
type Wish struct {
	// Name replaces the name that is made of the branch.
	Name    string          `json:"name,omitempty"`
	Content preview.Content `json:"content,omitempty"`
	// Keep is how long it stays after each build.
	Keep time.Duration `json:"keep,omitempty"`
}

// Form is a request in the app.
type Form struct {
	Kind Kind          `json:"kind"`
	Wish Wish          `json:"wish,omitzero"`  // of Create
	Keep time.Duration `json:"keep,omitempty"` // of Extend
}

// mostPending bounds how many wait to be checked: more are dropped.
const mostPending = 20

// Full says whether so many forms wait in Pending that the app takes no more.
func Full(s State) bool {
	forms := 0
	for _, h := range s.Pending {
		if h.Form != nil {
			forms++
		}
	}
	return forms >= mostPending
}

// Receive keeps a comment, label or form until its author's permission has been checked. A
// form is always kept: the app asks Full first.
func (s State) Receive(h Pending) State {
	if h.Form != nil || len(s.Pending) < mostPending {
		s.Pending = append(slices.Clone(s.Pending), h)
	}
	s.Stale = true
	return s
}

// Event is the event that it makes, once its author is known to have permission; false for none.
func (h Pending) Event() (Event, bool) {
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

// Kind is the kind of a run.
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
	// Content is the content that it builds with.
	Content preview.Content `json:"content,omitempty"`
	// Token goes with the dispatch and into the run's title: by it the run is found when
	// the answer to the dispatch was lost.
	Token string    `json:"token"`
	Since time.Time `json:"since"`
	// Sent is when it was dispatched, zero before; ID and URL are GitHub's.
	Sent      time.Time `json:"sent,omitzero"`
	ID        string    `json:"id,omitempty"`
	URL       string    `json:"url,omitempty"`
	Looked    time.Time `json:"looked,omitzero"` // when GitHub was last asked
	Cancelled bool      `json:"cancelled,omitempty"`
	Nudged    bool      `json:"nudged,omitempty"` // a webhook says that it changed
	// First says that no files were at the place, and no earlier run may have left any.
	First bool `json:"first,omitempty"`
	// Reported is the run's report of the preview that it made.
	Reported *Report `json:"reported,omitempty"`
}

// Report is a run's report of the preview that it made.
type Report struct {
	Address string               `json:"address,omitempty"`
	Expires time.Time            `json:"expires,omitzero"`
	Files   int                  `json:"files,omitempty"`
	Differs *preview.Differences `json:"differences,omitempty"`
}

// Bounded is the report cut to the size that is shown.
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

// Ref is the ref of the preview. For a pull request it is not the name of a branch, which
// its author could choose.
func (s State) Ref() string {
	if s.Branch != "" {
		return s.Branch
	}
	return "pull/" + strconv.FormatInt(s.Number, 10)
}

// Name is the name of the preview.
func (s State) Name() string { return cmp.Or(s.Wish.Name, preview.Name(s.Ref())) }

// NameFree is the instant from which another preview may have the name; false while the
// preview stands or may come. A preview that was there keeps its name as its place does:
// an old link never shows another one. One that was never agreed to keeps none.
func NameFree(s State) (time.Time, bool) {
	switch {
	case s.Status() != Gone || s.Run != nil || len(s.Pending) > 0:
		return time.Time{}, false
	case s.By == "":
		return s.Updated, true
	}
	return s.Updated.Add(preview.Reserve), true
}

// Content is the content that the preview is built with.
func (s State) Content() preview.Content { return cmp.Or(s.Wish.Content, preview.Last) }

// MayBuild says whether the newest commit may be built: a fork's only if exactly that one
// is trusted.
func (s State) MayBuild() bool { return s.Head != "" && (!s.Fork || s.Trusted == s.Head) }

// wants says whether there should be a preview.
func (s State) wants() bool { return s.Wanted && !s.Closed }

// Status is the status of a preview in a word.
type Status string

// The statuses of a preview.
const (
	Waiting  Status = "waiting" // for a check of permissions, for trust in a fork's commit, or for its turn
	Building Status = "building"
	Ready    Status = "ready"
	Broken   Status = "failed" // its last build
	Removing Status = "removing"
	Gone     Status = "gone"
)

// Passing says whether the preview will soon change by itself, so that a page should reload.
func Passing(s State) bool {
	switch s.Status() {
	case Waiting, Building, Removing:
		return true
	case Ready, Broken, Gone:
	}
	return s.Run != nil || len(s.Pending) > 0 || s.Extend > 0
}

// Status is the status of the preview. In any status, Shown has the build that can be looked at.
func (s State) Status() Status {
	asked := slices.ContainsFunc(s.Pending, func(h Pending) bool { return h.Form != nil && h.Form.Kind == Create })
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

// Reason says for people why it waits, failed or was removed; "" for none.
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
