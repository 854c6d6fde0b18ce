package links

import (
	"fmt"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/guard"
)

func TestBrokenLinksStopOnlyWhenThereAreMany(t *testing.T) {
	links := func(pages int) []Link {
		var out []Link
		for i := range pages {
			out = append(out, Link{Page: fmt.Sprint(i), Target: "/gone"}, Link{Page: fmt.Sprint(i), Target: "/gone.css", Asset: true})
		}
		return out
	}
	for _, c := range []struct {
		broken, checked int
		limits          guard.Limits
		stop            bool
	}{
		{0, 0, guard.Limits{}, false},
		{5, 5, guard.Limits{}, false},
		{6, 6, guard.Limits{}, true},
		{10, 100, guard.Limits{}, false},
		{11, 100, guard.Limits{}, true},
		{50, 100, guard.Limits{MaxBrokenShare: 0.5}, false},
		{100, 100, guard.Limits{MaxBrokenShare: 1}, false},
	} {
		if got := Broken(links(c.broken), c.checked, c.limits); (len(got) > 0) != c.stop {
			t.Errorf("%d of %d: %+v", c.broken, c.checked, got)
		}
	}
}
