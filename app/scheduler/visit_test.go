package scheduler

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// slowLedger decides about ticks a second after they were asked for.
type slowLedger struct {
	*countingLedger
	mu            sync.Mutex
	waiting, most int
}

func (s *slowLedger) Tick(ctx context.Context, site, token string) (release.Site, error) {
	s.mu.Lock()
	s.waiting++
	s.most = max(s.most, s.waiting)
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.mu.Lock()
	s.waiting--
	s.mu.Unlock()
	return s.countingLedger.Tick(ctx, site, token)
}

func TestSitesThatAreDueAtOnceShareCommits(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var others []string
		for i := range 190 {
			others = append(others, fmt.Sprint("other", i))
		}
		slow := &slowLedger{}
		_, l := startedWith(t, dir, newFakeRunner(), func(l *countingLedger, o *Options) {
			slow.countingLedger, o.Ledger = l, slow
		}, others...)
		began := time.Now()
		var asking sync.WaitGroup
		for _, site := range append(others, "www") {
			asking.Go(func() { ask(t, l, site) })
		}
		asking.Wait()
		time.Sleep(release.DefaultPolicy().Quiet + 10*time.Second)
		for _, site := range append(others, "www") {
			if at := siteOf(t, l, site).Current.Dispatch.Intended.Sub(began); at < 0 || at > release.DefaultPolicy().Quiet+4*time.Second {
				t.Errorf("%s was dispatched after %v", site, at)
			}
		}
		if slow.most > visitsAtOnce {
			t.Errorf("%d sites were visited at a time", slow.most)
		}
	})
}

// readingOutbox counts how often the outbox is read.
type readingOutbox struct {
	Outbox
	mu    sync.Mutex
	reads int
}

func (r *readingOutbox) TasksBut(ctx context.Context, underWay func(int64) bool) ([]ledger.Task, time.Time, error) {
	r.mu.Lock()
	r.reads++
	r.mu.Unlock()
	return r.Outbox.TasksBut(ctx, underWay)
}

func (r *readingOutbox) taken() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.reads
	r.reads = 0
	return n
}

// A thousand tasks that end one after the other must not have the outbox read a thousand
// times, with all that still wait in it.
func TestTheOutboxIsNotReadAgainForATaskThatIsDone(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		outbox := &readingOutbox{}
		_, l := startedWith(t, dir, newFakeRunner(), func(_ *countingLedger, o *Options) {
			outbox.Outbox, o.Outbox = o.Outbox, outbox
		})
		time.Sleep(time.Second)
		outbox.taken()
		ask(t, l, "www")
		time.Sleep(release.DefaultPolicy().Quiet + 5*time.Second)
		if site := siteOf(t, l, "www"); site.State != release.Dispatched {
			t.Fatalf("the site is %s", site.State)
		}
		if n := outbox.taken(); n != 2 { // by who put it there, and by who heard of that
			t.Errorf("for a dispatch the outbox was read %d times", n)
		}
	})
}
