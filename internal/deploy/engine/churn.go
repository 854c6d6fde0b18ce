package engine

import (
	"context"

	"github.com/pressrun/pressrun/internal/deploy/plan"
)

// maxChurnPage bounds a page that is looked at, in bytes.
const maxChurnPage = 4 << 20

// churn looks at a few pages when most of them change, and finds out why. It is
// advice: what can't be read is left out, and nothing fails.
func (d *run) churn(ctx context.Context) {
	b, ok := d.from.(build)
	if !ok {
		return
	}
	sample, changed, pages := d.plan.ChurnPages()
	if len(sample) == 0 {
		return
	}
	c := &plan.Churn{Changed: changed, Pages: pages, Causes: map[plan.Cause]int{}}
	examples := map[plan.Cause]string{}
	for _, e := range sample {
		if e.Size > maxChurnPage {
			continue
		}
		before, err := d.dest.Site.Get(ctx, e.Path)
		if err != nil {
			continue
		}
		if live, ok := d.base.Live.Find(e.Path); ok {
			before.Headers = live.Headers
		}
		old, err := decoded(before, maxChurnPage)
		if err != nil {
			continue
		}
		after, err := b.content(e.Path)
		if err != nil {
			continue
		}
		cause := plan.CauseOf(old, after)
		c.Sampled++
		c.Causes[cause]++
		examples[cause] = e.Path
	}
	most := 0
	for cause, n := range c.Causes {
		if cause != plan.CauseContent && n > most {
			most, c.Example = n, examples[cause]
		}
	}
	if c.Sampled > 0 {
		d.result.Churn = c
	}
}
