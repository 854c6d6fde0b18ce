package preview

import (
	"cmp"
	"fmt"
	"slices"
)

// Quota bounds what stands at one place; 0 is no bound.
type Quota struct {
	Count int
	Bytes int64
}

// Evict are the previews that have to go before another one may stand: those that
// nobody has built for the longest, never a locked one, one that is being built, or the
// one that is asked for.
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
			return nil, &Conflict{fmt.Sprintf("%d previews stand, as many as are allowed, and all of them are locked or being built: remove one, or raise the quota", count)}
		}
		count--
		bytes -= may[0].Bytes
		out, may = append(out, may[0]), may[1:]
	}
	return out, nil
}
