package notify

import (
	"slices"
	"time"
)

// Kind is a kind of target: which facts it is told, and how they are put for it.
type Kind struct {
	Name string
	// Tells are the types that it can tell; nil for all.
	Tells []Type
	// Secret says whether its messages are signed with a secret: never, may be, or
	// must be.
	Secret Secrecy
	// Body puts a fact for it. It is made once, so that each try sends the same.
	Body func(id string, f Fact) ([]byte, error)
	// Header is what goes with a body that is sent at an instant. Secrets are those
	// that are good: the first is the newest.
	Header func(id string, body []byte, secrets []string, now time.Time) map[string]string
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
var kinds = []Kind{webhook, netlify, datoCMS}

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
func (k Kind) Can(t Type) bool { return k.Tells == nil || t == Test || slices.Contains(k.Tells, t) }
