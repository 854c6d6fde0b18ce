package scheduler

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// visitsAtOnce bounds how many sites are visited at a time: their decisions share commits,
// so that the schedules of very many sites that come at one minute wait for few of them.
const visitsAtOnce = 64

// visited is the result of a visit to a site.
type visited struct {
	name   string
	site   release.Site
	ticked bool
	next   time.Time // when to visit it next, zero for never
	err    error
}

// visitAll visits sites, and gives the results.
func (s *Scheduler) visitAll(ctx context.Context, names []string) []visited {
	all := make([]visited, len(names))
	if len(names) == 1 {
		all[0] = s.visit(ctx, names[0])
		return all
	}
	var visits sync.WaitGroup
	places := make(chan struct{}, visitsAtOnce)
	for i, name := range names {
		places <- struct{}{}
		visits.Go(func() {
			defer func() { <-places }()
			all[i] = s.visit(ctx, name)
		})
	}
	visits.Wait()
	return all
}

// visit makes the requests of a site's due schedules, and ticks the site if it is due.
// It is called for several sites at a time.
func (s *Scheduler) visit(ctx context.Context, name string) visited {
	v := visited{name: name}
	if v.site, v.err = s.ledger.Site(ctx, name); v.err != nil {
		return v
	}
	var slot time.Time
	if now := s.duty.Load(); now != nil && now == s.begunFor {
		if v.site, slot, v.err = s.table.Look(now.ctx, v.site); v.err != nil {
			return v
		}
	}
	s.tick(ctx, &v)
	v.next = soonest(v.next, slot)
	return v
}

// tick ticks a site if it is due.
func (s *Scheduler) tick(ctx context.Context, v *visited) {
	v.next = dueAt(v.site)
	if !passed(v.next) {
		return
	}
	if v.site, v.err = s.ledger.Tick(ctx, v.name, rand.Text()); v.err != nil {
		return
	}
	v.ticked = true
	if v.next = dueAt(v.site); passed(v.next) {
		v.next = ledger.Now().Add(retryWait)
	}
}

// take takes in the result of a visit.
func (s *Scheduler) take(ctx context.Context, v visited) {
	if v.err != nil {
		if !errors.Is(v.err, context.Canceled) {
			s.failed(v.err)
			s.log.ErrorContext(ctx, "a site can't be visited", "site", v.name, "error", v.err)
		}
		s.due[v.name] = ledger.Now().Add(retryWait)
		return
	}
	s.line.note(v.site, v.ticked)
	if v.ticked {
		s.fetch = ledger.Now() // the tick's tasks are begun in this round
	}
	s.due[v.name] = v.next
}
