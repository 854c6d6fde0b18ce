package crawl

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/rewrite"
	"github.com/pressrun/pressrun/internal/bake/state"
)

// Crawl is one pass over a CMS.
type Crawl struct {
	options     Options
	front       *frontier
	fetch       *fetcher
	read        reader
	journal     *state.Journal
	cms         *wordPress
	apis        *apis
	since       time.Time
	rate        rate
	bytes       int64
	done        int
	told        time.Time
	conditional bool // the CMS is asked whether the kept pages are still right
	notes       []string
	missing     address.Address
	// ahead is how far the CMS's clock is ahead of this machine's, by its first answer with a Date.
	ahead  time.Duration
	timely bool
	// list lists the CMS's pages by its API, once it is known to have one.
	list func(context.Context, chan<- listing)
	look look
}

// Start is the state that a crawl begins with.
type Start struct {
	// Pages are those of the last bake, by ID, each with its planned step, or with the
	// state that a killed bake had brought it to.
	Pages   []*state.Page
	Journal *state.Journal
	Bodies  state.Bodies
	// Conditional asks whether the kept pages are still right, instead of reading all anew.
	Conditional bool
	// Missing is an address that no page can have: its answer is the site's page for 404.
	Missing address.Address
}

// New makes a crawl.
func New(o Options, s Start) *Crawl {
	c := &Crawl{options: o, journal: s.Journal, since: time.Now(), conditional: s.Conditional, missing: s.Missing}
	c.front = newFrontier(&c.options, s.Pages)
	c.fetch = newFetcher(&c.options, s.Bodies)
	c.read = reader{origin: o.Origin, rewriter: rewrite.New(o.Origin.Host())}
	c.cms = &wordPress{fetcher: c.fetch, origin: o.Origin}
	c.apis = &apis{fetcher: c.fetch, origin: o.Origin}
	c.look.begin()
	return c
}

// Result is the result of a crawl.
type Result struct {
	Pages []*state.Page // by ID
	// Notes tell people of lists that could not be read.
	Notes []string
	// Requests is how many addresses were asked for.
	Requests int
	Bytes    int64
	// Ahead is how far the CMS's clock is ahead of this machine's; 0 where it sends no Date.
	Ahead time.Duration
	// Settled says whether the pages show one instant of the CMS.
	Settled Settled
}

// probes are addresses that many sites have and few pages link.
var probes = []address.Address{"/robots.txt", "/favicon.ico", "/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/.well-known/security.txt"}

// seed queues the addresses at which a crawl begins.
func (c *Crawl) seed() {
	c.front.add("/", state.Source{Kind: state.Start}, 0)
	for _, a := range c.options.Extras {
		c.front.add(a, state.Source{Kind: state.Extra}, 0)
	}
	for _, a := range append(slices.Clone(probes), c.missing) {
		c.front.add(a, state.Source{Kind: state.Probe}, 0)
	}
}

// Run requests all known addresses, and those that become known by that. An error is that
// of ctx or of the disk; errors of pages are in the pages.
func (c *Crawl) Run(ctx context.Context) (Result, error) {
	c.seed()
	if err := c.pass(ctx, nil); err != nil {
		return Result{}, err
	}
	settled, err := c.settle(ctx)
	return Result{Pages: c.front.pages, Notes: c.notes, Requests: c.done, Bytes: c.bytes, Ahead: c.ahead, Settled: settled}, err
}

// pass requests all queued addresses, and those that become known by that. list, where it
// is not nil, lists more.
func (c *Crawl) pass(ctx context.Context, list func(context.Context, chan<- listing)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer)
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	var lists chan listing
	begin := func() {
		lists = make(chan listing)
		go list(ctx, lists)
	}
	if list != nil {
		begin()
	}
	known := c.list != nil
	running := 0
	defer func() {
		cancel()
		for ; running > 0; running-- { // each sends once more, or has ended
			<-answers
		}
	}()
	for len(c.front.queue) > 0 || running > 0 || lists != nil {
		atOnce, _ := c.fetch.pacer.AtOnce()
		for running < 2*atOnce+2 {
			p := c.front.next()
			if p == nil {
				break
			}
			running++
			go c.work(ctx, p, answers, fail)
		}
		select {
		case a := <-answers:
			running -= c.answered(a, answers)
			if !known && c.list != nil {
				list, known = c.list, true
				begin()
			}
		case l, ok := <-lists:
			if !ok {
				lists = nil
				break
			}
			c.take(l)
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := c.writeDown(); err != nil {
			return err
		}
		c.tell()
	}
	return nil
}

// work asks for a page and reads its answer.
func (c *Crawl) work(ctx context.Context, p *state.Page, answers chan<- answer, fail func(error)) {
	conditional := (c.conditional || c.look.again[p] != nil) && p.Sum != ""
	a, err := c.fetch.fetch(ctx, p, conditional)
	if err != nil {
		fail(err)
		a.page = nil
	} else if !a.same {
		c.read.read(&a)
	} else if p.Lists {
		text, _ := c.fetch.bodies.Read(p.Sum) // without a text it has no stamps
		c.read.same(&a, text)
	}
	answers <- a
}

// apply takes an answer into the frontier.
func (c *Crawl) apply(a answer) {
	p := a.page
	if p == nil {
		return
	}
	c.compareClocks(a)
	c.done++
	c.bytes += a.seen.Size
	c.rate.add(time.Now())
	c.front.dirty = append(c.front.dirty, p)
	c.noteStamps(a.stamps)
	if c.look.second(a) {
		return
	}
	switch {
	case a.same:
		p.Step, p.Why, p.Status, p.Fresh = state.Answered, "", http.StatusOK, a.seen.Fresh
		c.front.addUnchanged(p)
		return
	case a.seen.Step == state.Unreachable:
		p.Step, p.Why = a.seen.Step, a.seen.Why // its kept content is still there
		return
	}
	seen := a.seen
	seen.Address, seen.QueryKind, seen.Sources, seen.Depth, seen.ID = p.Address, p.QueryKind, p.Sources, p.Depth, p.ID
	*p = seen
	c.front.addNamed(p, a.found)
}

// compareClocks compares the CMS's clock with this machine's, once. A cache's answer has an older Date.
func (c *Crawl) compareClocks(a answer) {
	if c.timely || a.header.Get("Age") != "" {
		return
	}
	if at, err := http.ParseTime(a.header.Get("Date")); err == nil && !a.seen.Fresh.IsZero() {
		c.ahead, c.timely = at.Sub(a.seen.Fresh.Truncate(time.Second)), true
	}
}

// answered takes an answer, and those that wait already, so that they are written down
// together, and counts them. One of them may show which API lists the CMS's pages.
func (c *Crawl) answered(a answer, answers <-chan answer) (took int) {
	for {
		took++
		c.apply(a)
		switch {
		case c.list != nil:
		case c.cms.found(a):
			c.list = c.cms.list
		case c.apis.found(a):
			c.list = c.apis.list
		}
		select {
		case a = <-answers:
		default:
			return took
		}
	}
}

func (c *Crawl) take(l listing) {
	if l.note != "" {
		c.look.torn = true
		if !slices.Contains(c.notes, l.note) {
			c.notes = append(c.notes, l.note)
		}
	}
	for _, e := range l.entries {
		to, ok := c.options.Origin.Given(e.Address)
		if !ok {
			continue
		}
		c.front.add(to.Address, state.Source{Kind: l.kind}, 0)
		if e.Modified != "" {
			c.look.listed = true
			c.noteStamps([]stamped{{to.Address, e.Modified}})
		}
	}
}

func (c *Crawl) writeDown() error {
	pages := c.front.changed()
	if len(pages) == 0 || c.journal == nil {
		return nil
	}
	return errors.Join(c.journal.Put(pages...), c.journal.Flush())
}

// tell reports the crawl's progress, at most a few times a second.
func (c *Crawl) tell() {
	now := time.Now()
	if c.options.Tell == nil || now.Sub(c.told) < 200*time.Millisecond {
		return
	}
	c.told = now
	atOnce, _ := c.fetch.pacer.AtOnce()
	p := Progress{Done: c.done, Known: c.done + len(c.front.queue), AtOnce: atOnce, Bytes: c.bytes, Since: c.since, PerSecond: c.rate.perSecond(now)}
	if p.PerSecond > 0 {
		p.Left = time.Duration(float64(len(c.front.queue)) / p.PerSecond * float64(time.Second))
	}
	c.options.Tell(p)
}

// rate measures how many answers came of late.
type rate struct{ times []time.Time }

const rateOver = 200 // answers

func (r *rate) add(now time.Time) {
	if len(r.times) == 2*rateOver {
		r.times = append(r.times[:0], r.times[rateOver:]...)
	}
	r.times = append(r.times, now)
}

func (r *rate) perSecond(now time.Time) float64 {
	if len(r.times) < 2 {
		return 0
	}
	over := r.times[max(0, len(r.times)-rateOver):]
	if took := now.Sub(over[0]).Seconds(); took > 0 {
		return float64(len(over)) / took
	}
	return 0
}
