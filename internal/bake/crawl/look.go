package crawl

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/discover"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/text"
)

// Settled says whether a crawl saw the CMS as it was at one instant.
type Settled struct {
	// Quiet says that no change was seen between the first reading and the last.
	Quiet bool
	// Why gives the evidence for it, or the reason against.
	Why string
}

const (
	// overlap is the longest time that a save takes in a CMS: a stamp may be so much older
	// than the instant from which visitors see the page.
	overlap = 2 * time.Minute
	// mostLooks bounds how often changes during the crawl are looked for.
	mostLooks = 3
	// fewTwice pages may always be asked for twice, and of more only one in twiceOf.
	fewTwice, twiceOf = 100, 4
)

// stamped is a page with the time of its last change, as a list gives it.
type stamped struct {
	address  address.Address
	modified string
}

// look is one reading of the lists that say when pages were changed.
type look struct {
	stamps map[address.Address]string
	// again are the pages that this reading asks for once more. It changes between passes alone.
	again map[*state.Page]*state.Page
	// changed are the pages in again that had changed.
	changed []*state.Page
	listed  bool // the CMS's API has stamps
	torn    bool // a list could not be read whole, or a page not again
}

// begin begins a reading, and gives the stamps of the one before.
func (l *look) begin() map[address.Address]string {
	before := l.stamps
	l.stamps, l.again, l.changed = map[address.Address]string{}, map[*state.Page]*state.Page{}, nil
	return before
}

// second takes the answer for a page that was requested once more. It says whether the
// answer is dealt with.
func (l *look) second(a answer) bool {
	p := a.page
	switch {
	case l.again[p] == nil || a.same:
	case a.seen.Step == state.Unreachable:
		p.Step, l.torn = state.Answered, true // the content that was read is good
		return true
	case p.Lists:
		l.torn = l.torn || a.seen.Status != p.Status || a.seen.Step != state.Answered
	case a.seen.Sum != p.Sum, a.seen.Status != p.Status, a.seen.Location != p.Location:
		l.changed = append(l.changed, p)
	}
	return false
}

// differing are the addresses that have other stamps than before, or are listed no more.
func (l *look) differing(before map[address.Address]string) []address.Address {
	var out []address.Address
	for a, stamp := range l.stamps {
		if before[a] != stamp {
			out = append(out, a)
		}
	}
	for a := range before {
		if _, listed := l.stamps[a]; !listed && !l.torn {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}

func (c *Crawl) noteStamps(stamps []stamped) {
	for _, s := range stamps {
		a, _ := c.options.Queries.Normalize(s.address)
		c.look.stamps[a] = max(c.look.stamps[a], s.modified)
	}
}

// settle looks once more when all has been read: at the lists that say when pages were
// changed, and at the pages of which none says so. Where neither shows a change, there was
// an instant between the readings at which all was as it was read (a double collect, as
// atomic snapshots of shared registers are made). Changed pages are requested again.
func (c *Crawl) settle(ctx context.Context) (Settled, error) {
	if why := c.unsettled(); why != "" {
		return Settled{Why: why}, nil
	}
	twice, all := c.twice()
	listed := all - len(twice)
	why := ""
	if len(twice) > c.mostTwice() {
		why = fmt.Sprintf("no list says when %s changed, or they changed just now: they are too many to request twice", text.Count(len(twice), "page"))
		twice = nil
	}
	changed := 0
	for range mostLooks {
		n, err := c.lookAgain(ctx, twice)
		if err != nil {
			return Settled{}, err
		}
		if changed += n; n == 0 {
			break
		}
		twice = nil
	}
	switch {
	case changed > 0:
		c.notes = append(c.notes, fmt.Sprintf("%s while the CMS was read, and those that were seen to were requested again", text.Plural(changed, "page changed", "pages changed")))
		return Settled{Why: text.Plural(changed, "page changed", "pages changed") + " while the CMS was read"}, nil
	case c.look.torn:
		return Settled{Why: "a list of the CMS, or a page, could not be read a second time"}, nil
	case why != "":
		return Settled{Why: why}, nil
	}
	return Settled{Quiet: true, Why: fmt.Sprintf("nothing changed while the CMS was read: its lists say so of %s, and %s the same when requested twice", text.Count(listed, "page"), text.Plural(len(twice), "page was", "pages were"))}, nil
}

// unsettled says why it can't be known whether the CMS changed meanwhile; "" if it can.
func (c *Crawl) unsettled() string {
	kept := 0
	for _, p := range c.front.pages {
		if p.Step == state.Kept && p.Status == http.StatusOK {
			kept++
		}
	}
	switch {
	case kept > 0:
		return text.Plural(kept, "page was", "pages were") + " not requested"
	case len(c.look.stamps) == 0:
		return "the CMS's lists do not say when its pages were changed"
	case !c.timely:
		return "the CMS sends no time with its answers"
	case c.look.torn:
		return "a list of the CMS could not be read whole"
	}
	return ""
}

// mostTwice bounds how many pages are asked for once more.
func (c *Crawl) mostTwice() int { return max(fewTwice, c.done/twiceOf) }

// twice are the pages whose stamps do not show that they are as they were read, and how
// many pages there are in all.
func (c *Crawl) twice() (twice []*state.Page, all int) {
	for _, p := range c.front.pages {
		if p.Address == c.missing || !p.OK() || FormatOf(p.Type) != HTML {
			continue
		}
		all++
		latest, ok := discover.Latest(c.look.stamps[p.Address])
		if !ok || latest.Add(overlap).After(p.Fresh.Add(c.ahead)) {
			twice = append(twice, p)
		}
	}
	return twice, all
}

// lookAgain reads the lists and the given pages once more, then the changed pages and
// those that link to them. It returns the number of changed pages, new ones among them.
func (c *Crawl) lookAgain(ctx context.Context, twice []*state.Page) (changed int, err error) {
	before, known := c.look.begin(), len(c.front.pages)
	for _, p := range c.front.pages {
		if p.Lists {
			c.askAgain(p)
		}
	}
	c.askAgain(twice...)
	list := c.list
	if !c.look.listed {
		list = nil
	}
	if err := c.pass(ctx, list); err != nil {
		return 0, err
	}
	moved := c.look.changed
	for _, a := range c.look.differing(before) {
		if p := c.front.by[a]; p != nil && int(p.ID) < known && !slices.Contains(moved, p) {
			moved = append(moved, p)
		}
	}
	for _, p := range c.front.pages[known:] {
		if p.Step != state.LeftOut {
			changed++
		}
	}
	if changed += len(moved); len(moved) > c.mostTwice() {
		c.notes = append(c.notes, fmt.Sprintf("%s while the CMS was read: they are too many to request again", text.Plural(len(moved), "page changed", "pages changed")))
		return changed, nil
	}
	c.askAgain(moved...)
	if near := c.near(moved); len(near) <= c.mostTwice() {
		c.askAgain(near...)
	}
	return changed, c.pass(ctx, nil)
}

// near are the pages that link to one of the given pages.
func (c *Crawl) near(moved []*state.Page) (near []*state.Page) {
	ids := map[int32]bool{}
	for _, p := range moved {
		ids[p.ID] = true
	}
	for _, p := range c.front.pages {
		if p.OK() && slices.ContainsFunc(p.Refs, func(ref state.Ref) bool { return ids[ref.ID] }) {
			near = append(near, p)
		}
	}
	return near
}

// askAgain queues pages that were answered, each once in a reading.
func (c *Crawl) askAgain(pages ...*state.Page) {
	for _, p := range pages {
		if p.Step == state.Answered && c.look.again[p] == nil {
			c.look.again[p] = p
			p.Step = state.Waiting
			c.front.queue = append(c.front.queue, p)
		}
	}
}
