package config

import (
	"maps"
	"slices"
	"strings"
)

const groupShape = "small letters, digits and hyphens (at most 63), such as agency-north"

// checkGroups checks the names of groups: their settings are checked with each site that
// inherits them.
func checkGroups(k *checker) {
	for _, name := range slices.Sorted(maps.Keys(k.config.Groups)) {
		key := "groups." + name
		if !siteName().MatchString(name) {
			k.wrong(key, "%q is no name of a group; expected %s", name, groupShape)
		}
		if k.Has(key + ".group") {
			k.wrong(key+".group", "a group belongs to no other; expected no such key")
		}
	}
}

// checkGroup checks the group of a site. If the configuration has no groups, any name is allowed.
func checkGroup(k *checker, key, group string) {
	at := key + ".group"
	if !k.Has(at) {
		return
	}
	if !siteName().MatchString(group) {
		k.wrong(at, "%q is no name of a group; expected %s", group, groupShape)
		return
	}
	if _, ok := k.config.Groups[group]; !ok && len(k.config.Groups) > 0 && !k.Reported("groups."+group) {
		k.wrong(at, "there is no group %q; expected one of %s", group, strings.Join(slices.Sorted(maps.Keys(k.config.Groups)), ", "))
	}
}
