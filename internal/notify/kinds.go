package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Kind is a kind of target: which facts it is told, and how they are put for it.
type Kind struct {
	Name string
	// Tells are the types that it can tell; nil for all.
	Tells []Type
	// Secret says whether its messages are signed with a secret: never, may be, or
	// must be.
	Secret Secrecy
	// People says that people read it: what they are told, and when, is decided by a
	// Policy, and Usual are the types that they are told of when nobody chose.
	People bool
	Usual  []Type
	// Body puts a fact for it. It is made once, so that each try sends the same.
	Body func(id string, f Fact) ([]byte, error)
	// Header is what goes with a body that is sent at an instant. Secrets are those
	// that are good: the first is the newest.
	Header func(id string, body []byte, secrets []string, now time.Time) map[string]string
	// Answer says what is wrong with an answer of a 2xx status, "" for nothing; nil
	// where each such answer means that the message was taken.
	Answer func(body []byte) (trouble string)
	// Final says of the status of an answer that did not take a message that it would be
	// the same at every try; nil where only 410 does.
	Final func(status int) bool
	// Wire makes of a body what is sent; nil for the body itself.
	Wire func(body []byte) ([]byte, error)
	// Address completes the address of a target; nil for one that is whole.
	Address func(address string) string
	// Steps says that it is told of the steps of a release's run, and Settle for how
	// long after a release's end these are waited for.
	Steps  bool
	Settle time.Duration
	// HandsOff says that it is handed what went live: up to when, and which entries.
	HandsOff bool
}

// bare is the header of JSON that is not signed.
func bare(string, []byte, []string, time.Time) map[string]string {
	return map[string]string{"Content-Type": "application/json; charset=utf-8"}
}

// forPeople are the types that people are told as messages: all but those of single
// requests, which only who asked is told.
func forPeople() []Type {
	return slices.DeleteFunc(Types(), func(t Type) bool { return strings.HasPrefix(string(t), "request.") })
}

// usual are the types that people are told of when nobody chose.
var usual = []Type{
	ReleaseLive, ReleaseRecovered, ReleaseLate, ended(release.Failed), ended(release.Stale), SiteHeld, SiteDiffers, "site.rollback", QueueLong, HandoffLate,
}

// Secrecy says whether a kind of target signs.
type Secrecy int

// Whether a kind of target signs.
const (
	SecretNever Secrecy = iota
	SecretOptional
	SecretNeeded
)

// kinds are all kinds of targets.
var kinds = []Kind{webhook, netlify, datoCMS, otlp, slack, teams, smtp, handoff}

// FindKind is the kind of a name.
func FindKind(name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// KindNames names all kinds.
func KindNames() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return names
}

// Can says whether a kind can tell a type.
func (k Kind) Can(t Type) bool {
	switch {
	case t == Test:
		return true
	case k.Tells == nil:
		return t != ReleaseRecovered && t != QueueLong
	}
	return slices.Contains(k.Tells, t)
}
