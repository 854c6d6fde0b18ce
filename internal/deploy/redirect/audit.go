package redirect

import (
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Audit has the redirects that others changed in a redirect store. Lists have keys, which
// are addresses of the site ("/old"), sorted.
type Audit struct {
	Store   string   `json:"store"`
	Keys    int      `json:"keys"`    // of the live release
	Missing []string `json:"missing"` // managed, and not there
	Changed []string `json:"changed"` // managed, with another target
	Added   []string `json:"added"`   // not managed, but in the place of pages, or looking like managed ones
	Foreign []string `json:"foreign"` // not managed, in no page's place; never touched
}

// Clean says whether the store redirects as the release does.
func (a Audit) Clean() bool { return len(a.Missing)+len(a.Changed)+len(a.Added) == 0 }

// NewAudit compares the redirects of the live release with a store's content. untouched says
// that nobody has written to the store since the last deploy: that deploy has left the
// foreign keys in the place of managed ones.
func NewAudit(live *manifest.Manifest, held map[string]string, limits Limits, untouched bool) Audit {
	p := NewPlan(live, held, limits)
	a := Audit{Keys: len(p.Want), Missing: []string{}, Changed: []string{}, Added: append([]string{}, p.Delete...), Foreign: []string{}}
	if !untouched {
		a.Keys += len(p.Foreign)
	}
	for _, key := range p.Put {
		if _, ok := held[key]; ok {
			a.Changed = append(a.Changed, key)
		} else {
			a.Missing = append(a.Missing, key)
		}
	}
	addresses := make(map[string]bool, len(live.Entries))
	for i := range live.Entries {
		addresses[addressKey(live.Entries[i].Path)] = true
	}
	owner := " " + redirectOwner(live.Site)
	for _, key := range slices.Sorted(maps.Keys(held)) {
		value := held[key]
		switch {
		case strings.HasSuffix(value, owner):
		case !untouched && slices.Contains(p.Foreign, key):
			a.Changed = append(a.Changed, key)
		case !untouched && addresses[key] && isRedirectValue(value):
			a.Added = append(a.Added, key)
		default:
			a.Foreign = append(a.Foreign, key)
		}
	}
	slices.Sort(a.Changed)
	slices.Sort(a.Added)
	return a
}

// isRedirectValue says whether the CDN's function redirects by a value.
func isRedirectValue(value string) bool {
	status, rest, _ := strings.Cut(value, " ")
	to, _, _ := strings.Cut(rest, " ")
	return to != "" && slices.Contains([]string{"301", "302", "303", "307", "308"}, status)
}
