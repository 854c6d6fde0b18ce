package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Kind is a kind of target: the types of facts that it gets, and their form.
type Kind struct {
	Name string
	// Tells are the types that its form can express; nil for all.
	Tells []Type
	// Secret says whether its messages are signed with a secret: never, may be, or
	// must be.
	Secret Secrecy
	// People says that people read it: a Policy decides what they are told, and when.
	// Usual are the types that they are told of by default.
	People bool
	Usual  []Type
	// Body makes the body of a message. It is called once, so that each try sends the same.
	Body func(id string, f Fact) ([]byte, error)
	// Header makes the HTTP headers for a body that is sent at an instant. Secrets are
	// the valid ones, the newest first.
	Header func(id string, body []byte, secrets []string, now time.Time) map[string]string
	// Answer finds an error in an answer of a 2xx status, "" for none; nil if each such
	// answer means that the message was taken.
	Answer func(body []byte) (trouble string)
	// Final says whether a refusal's status is permanent, so that it is not tried again;
	// nil if only 410 is.
	Final func(status int) bool
	// Wire encodes a body for sending; nil to send it as it is.
	Wire func(body []byte) ([]byte, error)
	// Address completes the address of a target; nil to use it as it is.
	Address func(address string) string
	// Steps says that its facts have the steps of a release's run, and Settle how long
	// after a release's end the run may still report them.
	Steps  bool
	Settle time.Duration
	// HandsOff says that it gets hand-offs.
	HandsOff bool
}

// bare makes the headers of unsigned JSON.
func bare(string, []byte, []string, time.Time) map[string]string {
	return map[string]string{"Content-Type": "application/json; charset=utf-8"}
}

// forPeople are the types of messages for people: all but those of single requests, which
// go only to the person who asked.
func forPeople() []Type {
	return slices.DeleteFunc(Types(), func(t Type) bool { return strings.HasPrefix(string(t), "request.") })
}

// usual are the types that people are told of by default.
var usual = []Type{
	ReleaseLive, ReleaseRecovered, ReleaseLate, ended(release.Failed), ended(release.Stale), SiteHeld, SiteDiffers, "site.rollback", QueueLong, HandoffLate,
}

// Secrecy says whether messages to a kind of target are signed.
type Secrecy int

// Whether messages to a kind of target are signed.
const (
	SecretNever Secrecy = iota
	SecretOptional
	SecretNeeded
)

// kinds are all kinds of targets.
var kinds = []Kind{webhook, netlify, datoCMS, otlp, slack, teams, smtp, handoff}

// FindKind finds a kind by its name.
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

// Can says whether a kind's form can express a type.
func (k Kind) Can(t Type) bool {
	switch {
	case t == Test:
		return true
	case k.Tells == nil:
		return t != ReleaseRecovered && t != QueueLong
	}
	return slices.Contains(k.Tells, t)
}
