package preview

import (
	"cmp"
	"fmt"
	"slices"
)

// Quota bounds the previews at one place: their number and their bytes; 0 is no bound.
type Quota struct {
	Count int
	Bytes int64
}

// Evict lists the previews that must be removed to make room for another one, the one
// built longest ago first. It never lists a locked one, one that is being built, or the
// wanted one. If that does not make enough room it fails with a *Conflict.
func (q Quota) Evict(all []Record, wanted string) ([]Record, error) {
	var count int
	var bytes int64
	var may []Record
	for _, r := range all {
		if r.Name == wanted || !r.Stands() {
			continue
		}
		count++
		bytes += r.Bytes
		if r.State == Ready && !r.Locked {
			may = append(may, r)
		}
	}
	slices.SortFunc(may, func(a, b Record) int {
		return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.Name, b.Name))
	})
	over := func() bool { return q.Count > 0 && count+1 > q.Count || q.Bytes > 0 && bytes >= q.Bytes }
	var out []Record
	for over() {
		if len(may) == 0 {
			return nil, &Conflict{fmt.Sprintf("there are %d previews, as many as are allowed, and all of them are locked or being built: remove one, or raise the quota", count)}
		}
		count--
		bytes -= may[0].Bytes
		out, may = append(out, may[0]), may[1:]
	}
	return out, nil
}
