package bake

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/state"
)

// listTag is a tag of a list of entries of a kind, such as Drupal's node_list and
// node_list:article (https://www.drupal.org/docs/drupal-apis/cache-api/cache-tags).
var listTag = regexp.MustCompile(`(^|[:_.-])list([:_.-]|$)`)

// changesOf are the tags of the last bake's pages that may have changed with entries as
// requests name them ("article/12"): those with the entry's id, of whatever kind, and those
// of lists. Where one entry has no tag, and there are none of lists, it is not known what
// changed.
func changesOf(entities []string, last *state.Bake) ([]string, bool) {
	if len(entities) == 0 || last == nil {
		return nil, false
	}
	byID, lists := map[string][]string{}, []string{}
	seen := map[string]bool{}
	for _, p := range last.Pages {
		for _, tag := range p.Tags {
			if seen[tag] {
				continue
			}
			seen[tag] = true
			if listTag.MatchString(tag) {
				lists = append(lists, tag)
			}
			if at := strings.LastIndexAny(tag, ":_.-/"); at >= 0 && at+1 < len(tag) {
				byID[tag[at+1:]] = append(byID[tag[at+1:]], tag)
			}
		}
	}
	changed := slices.Clone(lists)
	for _, e := range entities {
		id := e[strings.LastIndexByte(e, '/')+1:]
		if own := byID[id]; len(own) > 0 && id != "" {
			changed = append(changed, own...)
		} else if id == "" || len(lists) == 0 {
			return nil, false
		}
	}
	slices.Sort(changed)
	return slices.Compact(changed), true
}
