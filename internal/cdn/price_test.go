package cdn

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/plan"
)

// TestFoldingEarnsItsLines tells what a purge costs with folding and in the plain
// way, which is each address up to the limit and else everything, for a site of 40
// sections of 500 articles. The figures are in docs/performance.md.
func TestFoldingEarnsItsLines(t *testing.T) {
	var held []Object
	for s := range 40 {
		for p := range 500 {
			held = append(held, Object{Path: fmt.Sprintf("s%02d/article-%03d-%d/index.html", s, p, (s*7919+p*104729)%9973)})
		}
		held = append(held, Object{Path: fmt.Sprintf("s%02d/index.html", s)})
	}
	held = append(held, Object{Path: "index.html"}, Object{Path: "sitemap.xml"}, Object{Path: "feed.xml"})
	n := len(held)
	front := span(n-3, n)
	limits := (&cloudFront{}).Limits()
	for _, c := range []struct {
		name    string
		changed []int
		most    float64 // of the plain way's bill
		missed  int     // good copies dropped, at most
	}{
		{"an article, its section and the front", append([]int{5, 500}, front...), 1, 0},
		{"30 articles of 5 sections and the front", slices.Concat(span(0, 7), span(501, 507), span(1002, 1008), span(2004, 2010), span(3006, 3012), front), 0.5, 20},
		{"100 articles all over the site", every(n, 200), 1, 0},
		{"a section", span(0, 501), 0.01, 0},
		{"two sections", span(0, 1002), 2, 0},
	} {
		in := Input{Site: "www", Release: 1, Sequence: 1, Held: held}
		units, dropped := 0, 0
		for _, i := range c.changed {
			in.Changes = append(in.Changes, Change{Path: held[i].Path, Reason: plan.ReasonContent})
			units += len(urlpath.Of("", held[i].Path, false))
		}
		if units > limits.Paths {
			units, dropped = 1, n-len(c.changed)
		}
		d, plain := Plan(in, limits), float64(units)*limits.Prices.Unit
		t.Logf("%s: $%.3f and %d good copies dropped; plain $%.3f and %d", c.name, d.USD, d.Missed, plain, dropped)
		if d.USD > c.most*plain || d.Missed > c.missed {
			t.Errorf("%s: $%.3f, %d good copies dropped; want at most %.2f of $%.3f, and %d", c.name, d.USD, d.Missed, c.most, plain, c.missed)
		}
	}
}

func span(from, to int) (out []int) {
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func every(n, step int) (out []int) {
	for i := 0; i < n; i += step {
		out = append(out, i)
	}
	return out
}
