package preview

import (
	"fmt"
	"time"
)

// State is the state of a preview.
type State string

// The states of a preview.
const (
	// Building: its files are being written, or the writing process died.
	Building State = "building"
	// Ready: it can be looked at.
	Ready State = "ready"
	// Removing: its files are being deleted, or the deleting process died.
	Removing State = "removing"
	// Removed: its files are deleted. Its name stays reserved for Reserve, so that an old
	// link never shows another branch.
	Removed State = "removed"
)

// Content says which content a preview was built with.
type Content string

// The kinds of content.
const (
	// Last is the content of the last production release.
	Last Content = "last"
	// Live is the content that the CMS has published.
	Live Content = "live"
	// Drafts includes content that the CMS has not published: only for those who sign in.
	Drafts Content = "drafts"
)

const (
	// DefaultLife is how long a preview stays after its last build.
	DefaultLife = 14 * 24 * time.Hour
	// MaxLife is the longest time that a preview may stay from now on.
	MaxLife = 90 * 24 * time.Hour
	// Reserve is how long the name of a removed preview stays reserved.
	Reserve = 30 * 24 * time.Hour
	// BuildLimit is how long after its beginning an unfinished build is given up.
	BuildLimit = 24 * time.Hour
)

// Record describes a preview. It is stored as JSON, whose names must stay.
type Record struct {
	Name    string    `json:"name"`
	Ref     string    `json:"ref"`              // branch, tag or pull request
	Commit  string    `json:"commit,omitempty"` // that it was built of
	Content Content   `json:"content"`
	Address string    `json:"address,omitempty"` // where it is looked at
	By      string    `json:"by,omitempty"`      // who made it last
	State   State     `json:"state"`
	Build   string    `json:"build"` // id of the last build that began
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"` // its last step
	Expires time.Time `json:"expires"`
	Locked  bool      `json:"locked,omitempty"` // no quota removes it
	Files   int       `json:"files"`
	Bytes   int64     `json:"bytes"`
}

// Conflict says that a call does not fit the state of a preview. Nothing was changed.
type Conflict struct{ Why string }

func (c *Conflict) Error() string { return c.Why }

// Stands says whether files of the preview are, or may be, at the place.
func (r Record) Stands() bool { return r.State != Removed }

// Ask describes a wanted preview.
type Ask struct {
	Ref, Commit, By, Address string
	Content                  Content
	Life                     time.Duration // 0 for DefaultLife
	Locked                   bool
}

func (a Ask) life() time.Duration {
	if a.Life == 0 {
		return DefaultLife
	}
	return a.Life
}

// CheckLife refuses a life that is not positive, or longer than MaxLife.
func CheckLife(life time.Duration) error {
	if life <= 0 || life > MaxLife {
		return fmt.Errorf("a preview stays for up to %d days from now, not for %s", int(MaxLife/(24*time.Hour)), life)
	}
	return nil
}

// Begin is the record of a preview whose build begins; was is nil for a new one.
func Begin(was *Record, name string, ask Ask, now time.Time) (Record, error) {
	if err := CheckRef(ask.Ref); err != nil {
		return Record{}, err
	}
	if err := CheckLife(ask.life()); err != nil {
		return Record{}, err
	}
	out := Record{Name: name, Created: now}
	if was != nil {
		if was.Ref != ask.Ref {
			return Record{}, was.taken()
		}
		if was.State == Removing {
			return Record{}, &Conflict{fmt.Sprintf("the preview %s is being removed: wait until it is gone, then ask again", name)}
		}
		if was.Stands() {
			out = *was
		}
	}
	out.Ref, out.Commit, out.By, out.Address = ask.Ref, ask.Commit, ask.By, ask.Address
	if out.Content != Drafts { // the drafts of the last build are there until this one is complete
		out.Content = ask.Content
	}
	out.Locked = out.Locked || ask.Locked
	out.State, out.Updated, out.Expires = Building, now, later(out.Expires, now.Add(ask.life()))
	return out, nil
}

// taken refuses the record's name to another ref.
func (r Record) taken() *Conflict {
	if r.State == Removed {
		return &Conflict{fmt.Sprintf("the name %s belonged to the preview of %q and is kept until %s, so that an old link never shows another branch: give this one another, such as %s",
			r.Name, r.Ref, r.Updated.Add(Reserve).UTC().Format("2006-01-02 15:04 MST"), Numbered(r.Name, 2))}
	}
	return &Conflict{fmt.Sprintf("the name %s belongs to the preview of %q: give this one another, such as %s", r.Name, r.Ref, Numbered(r.Name, 2))}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Finish is the record of a preview whose build, made with some content, is published.
func Finish(r Record, made Content, files int, bytes int64, now time.Time) Record {
	r.State, r.Content, r.Files, r.Bytes, r.Updated = Ready, made, files, bytes, now
	return r
}

// Extend gives a preview more time. locked, if not nil, protects it from removal by a
// quota, or ends that.
func Extend(r Record, life time.Duration, locked *bool, now time.Time) (Record, error) {
	if r.State != Ready && r.State != Building {
		return r, &Conflict{fmt.Sprintf("the preview %s is removed: make it anew", r.Name)}
	}
	if err := CheckLife(life); err != nil {
		return r, err
	}
	r.Expires = now.Add(life)
	if locked != nil {
		r.Locked = *locked
	}
	return r, nil
}

// Act is an action of a sweep on a preview.
type Act string

// The acts.
const (
	Leave  Act = "leave"
	Remove Act = "remove"
	Forget Act = "forget" // the record
)

// Due is the action of a sweep that a preview needs, and the reason.
func Due(r Record, now time.Time) (Act, string) {
	switch {
	case r.State == Removing:
		return Remove, "its removal was cut off"
	case r.State == Removed && now.Sub(r.Updated) >= Reserve:
		return Forget, "it was removed long ago"
	case r.State == Removed:
		return Leave, ""
	case r.State == Building && now.Sub(r.Updated) >= BuildLimit:
		return Remove, "its build was cut off"
	case !now.Before(r.Expires):
		return Remove, "its time is over"
	}
	return Leave, ""
}
