package config

import (
	"maps"
	"slices"
	"strings"
)

const groupShape = "small letters, digits and hyphens (at most 63), such as agency-north"

// checkGroups checks what can be said of groups alone: what they say of sites is checked with
// each site that inherits it.
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

// checkGroup checks the group of a site. Without any groups in the configuration it is a name
// alone.
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
