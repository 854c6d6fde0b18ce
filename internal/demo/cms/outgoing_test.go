package cms

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func start(t *testing.T, c *CMS) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func TestChangesAreDeliveredAtOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &recorder{}
		c := newCMS(t, Options{Publisher: p})
		defer start(t, c)()
		began := time.Now()
		a := must(t)(c.Publish("8", "Maya")).Change
		b := must(t)(c.Unpublish("1", "Jonas")).Change
		synctest.Wait()
		if diff := cmp.Diff([]Change{*a, *b}, p.changes()); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("delivery waited %v", took)
		}
	})
}

func TestAFailingPublisherLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &recorder{down: true}
		c := newCMS(t, Options{Publisher: p})
		defer start(t, c)()
		want := []Change{*must(t)(c.Publish("8", "Maya")).Change, *must(t)(c.Unpublish("1", "Maya")).Change}
		time.Sleep(10 * time.Minute)
		if article(t, c, "1").Status != "draft" {
			t.Error("the edit was lost")
		}
		// 1+2+4+8+16+32 s, then each minute: about 15 tries of each in ten minutes.
		if p.calls < 20 || p.calls > 40 {
			t.Errorf("%d calls in ten minutes, want back-off up to a minute", p.calls)
		}
		p.set(func() { p.down = false })
		time.Sleep(longestPause)
		synctest.Wait()
		if diff := cmp.Diff(want, p.changes()); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
	})
}

func TestARefusedChangeDoesNotHoldUpOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &recorder{refuse: "Opening hours and holidays"}
		c := newCMS(t, Options{Publisher: p})
		defer start(t, c)()
		refused := must(t)(c.Unpublish("1", "Maya")).Change
		next := must(t)(c.Unpublish("2", "Maya")).Change
		time.Sleep(time.Hour)
		if diff := cmp.Diff([]Change{*next}, p.changes()); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
		p.set(func() { p.refuse = "" })
		time.Sleep(2 * longestPause)
		if got := p.changes(); got[len(got)-1].ID != refused.ID {
			t.Error("the refused change was given up")
		}
	})
}

func TestUndeliveredChangesSurviveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "cms.json")
		p := &recorder{down: true}
		first := newCMS(t, Options{Publisher: p, File: file})
		stop := start(t, first)
		want := must(t)(first.Publish("8", "Maya")).Change
		time.Sleep(5 * time.Second)
		stop()

		p.set(func() { p.down = false })
		second := newCMS(t, Options{Publisher: p, File: file, AnnounceSeed: true})
		defer start(t, second)()
		time.Sleep(longestPause)
		if diff := cmp.Diff([]Change{*want}, p.changes()); diff != "" {
			t.Errorf("delivered after restart (-want +got):\n%s", diff)
		}
		if article(t, second, "8").Status != "published" {
			t.Error("the edit was lost in the restart")
		}
	})
}

func TestASlowPublisherIsGivenUpOnAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &hanging{}
		c := newCMS(t, Options{Publisher: p})
		defer start(t, c)()
		must(t)(c.Publish("8", "Maya"))
		time.Sleep(deliveryTimeout + firstPause + time.Second)
		synctest.Wait()
		if p.calls != 2 {
			t.Errorf("%d calls, want a second one after the first hung", p.calls)
		}
	})
}

type hanging struct{ calls int }

func (h *hanging) ContentChanged(ctx context.Context, _ Change) error {
	h.calls++
	<-ctx.Done()
	return ctx.Err()
}

func TestOnlyDeliveredAndUnusedChangesAreForgotten(t *testing.T) {
	var s state
	s.Articles = []record{{ChangeID: "c1"}}
	for i := range 3 * keptChanges {
		e := entry{Change: Change{ID: fmt.Sprintf("c%d", i), Actor: "Maya"}}
		if i < keptChanges {
			e.Sent = time.Unix(1, 0)
		}
		s.Changes = append(s.Changes, e)
		s.forget()
	}
	if s.change("c1") != 0 {
		t.Error("forgot the change that an article refers to")
	}
	if got := len(s.Changes); got != 2*keptChanges+1 {
		t.Errorf("%d changes kept, want the undelivered ones and the one in use", got)
	}
}

func TestOnceThePublisherIsBackNothingWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &recorder{down: true}
		c := newCMS(t, Options{Publisher: p})
		defer start(t, c)()
		must(t)(c.Publish("8", "Maya"))
		time.Sleep(40 * time.Second) // tries at 0, 1, 3, 7, 15 and 31 s; the next is at 63 s
		must(t)(c.Unpublish("1", "Maya"))
		synctest.Wait()
		p.set(func() { p.down = false })
		time.Sleep(firstPause) // the second change's first retry succeeds, the first one's is far off
		synctest.Wait()
		if got := len(p.changes()); got != 2 {
			t.Errorf("%d changes delivered, want both", got)
		}
	})
}
