package identity

import (
	"slices"
	"strings"
)

// maxGroups bounds how many groups of a person are kept, and maxGroup the length of a
// group's name, in bytes.
const (
	maxGroups = 500
	maxGroup  = 200
)

// claims are a provider's statements about a person.
type claims map[string]any

// at finds a claim by its name. A dotted name that is not itself a claim leads into
// objects: realm_access.roles.
func (c claims) at(name string) (any, bool) {
	if value, ok := c[name]; ok {
		return value, true
	}
	var value any = map[string]any(c)
	for part := range strings.SplitSeq(name, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[part]; !ok {
			return nil, false
		}
	}
	return value, true
}

func (c claims) text(name string) string {
	s, _ := c[name].(string) // "" when it is no text
	return strings.TrimSpace(s)
}

// yes says whether a claim is true, and whether it is present. Some providers write true
// as a string.
func (c claims) yes(name string) (yes, said bool) {
	value, said := c[name]
	return value == true || value == "true", said
}

// list reads a claim that holds strings: a list of them, or one alone.
func (c claims) list(name string) []string {
	value, _ := c.at(name) // nil is no list
	var out []string
	add := func(one any) {
		if s, ok := one.(string); ok && s != "" && len(s) <= maxGroup && len(out) < maxGroups && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if all, ok := value.([]any); ok {
		for _, one := range all {
			add(one)
		}
		return out
	}
	add(value)
	return out
}

// lacks says whether any of these claims is missing.
func (c claims) lacks(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, ok := c.at(name)
		return name != "" && !ok
	})
}

// elsewhere says whether a claim was left out for its size, with a pointer to
// where it can be read (OpenID Connect Core 1.0, 5.6.2; Entra ID's "overage").
func (c claims) elsewhere(name string) bool {
	names, _ := c["_claim_names"].(map[string]any) // nil has nothing
	_, pointed := names[name]
	more, _ := c.yes("hasgroups")
	return (pointed || more) && c.lacks(name)
}
