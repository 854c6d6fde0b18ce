package redirect

import (
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Audit tells what was changed in a redirect store behind our back. Lists
// are keys, addresses of the site as "/old", sorted.
type Audit struct {
	Store   string   `json:"store"`
	Keys    int      `json:"keys"`    // that it is to hold for the live release
	Missing []string `json:"missing"` // ours, and not there
	Changed []string `json:"changed"` // ours, and leading elsewhere
	Added   []string `json:"added"`   // that lead away from pages, or pass for ours
	Foreign []string `json:"foreign"` // not ours, and in nobody's way; never touched
}

// Clean tells whether the store leads visitors where the release does.
func (a Audit) Clean() bool { return len(a.Missing)+len(a.Changed)+len(a.Added) == 0 }

// NewAudit compares the redirects of the live release with what a store
// holds. untouched says that nobody has written to the store since the last deploy
// did: keys of others that are in ours' place were there then, and were left.
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
		addresses[Key(live.Entries[i].Path)] = true
	}
	owner := " " + redirectOwner(live.Site)
	for _, key := range slices.Sorted(maps.Keys(held)) {
		value := held[key]
		switch {
		case strings.HasSuffix(value, owner):
		case !untouched && slices.Contains(p.Foreign, key):
			a.Changed = append(a.Changed, key)
		case !untouched && addresses[key] && leadsAway(value):
			a.Added = append(a.Added, key)
		default:
			a.Foreign = append(a.Foreign, key)
		}
	}
	slices.Sort(a.Changed)
	slices.Sort(a.Added)
	return a
}

// leadsAway tells whether the CDN's function follows a value.
func leadsAway(value string) bool {
	status, rest, _ := strings.Cut(value, " ")
	to, _, _ := strings.Cut(rest, " ")
	return to != "" && slices.Contains([]string{"301", "302", "303", "307", "308"}, status)
}
