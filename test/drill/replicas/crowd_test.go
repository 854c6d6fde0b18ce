//go:build unix

package replicas

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// asked is a request as its requester remembers it.
type asked struct {
	site, title string
	key         string // "" for one without
	id          string // "" until it was acknowledged
	at          time.Time
	// unsure counts the tries of which it is not known what became of them. All others
	// before the last were refused with the words that nothing was changed.
	unsure int
}

// unchanged are the words of an answer that says for certain that a request was not taken.
const unchanged = "nothing was changed"

// askers ask without end, half of them without a key: who is told that nothing was changed
// asks again, and that must be true.
func (s *stage) askers(ctx context.Context, each time.Duration) {
	for i := range 2 * len(siteNames) {
		chance := rand.New(rand.NewPCG(s.seed, uint64(i)+1))
		site := siteNames[i%len(siteNames)]
		s.members.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				one := &asked{site: site, title: fmt.Sprintf("asker %d, request %d", i, n)}
				if i < len(siteNames) {
					one.key = fmt.Sprintf("%d-%d", i, n)
				}
				s.ask(one)
				if pause(ctx, each/2+time.Duration(chance.Int64N(int64(each)))) != nil {
					return
				}
			}
		})
	}
}

// ask asks one replica after another until one says that the request is taken. It goes on
// when the asking is over: what was begun is brought to its end.
func (s *stage) ask(one *asked) {
	began, tryOne := time.Now(), s.caller()
	for s.ctx.Err() == nil {
		var got api.AskResult
		err := tryOne(s.ctx, func(ctx context.Context, client *api.Client) (err error) {
			got, err = client.Ask(ctx, one.site, one.key, api.RequestInput{Source: release.FromContent, Actor: "asker", Title: one.title})
			return err
		})
		p, answered := errors.AsType[*api.Problem](err)
		switch {
		case err == nil:
			one.id, one.at = got.ID, time.Now()
			s.waited("a request", began, one.at)
		case answered && p.Status != http.StatusServiceUnavailable:
			s.breach("a good request was refused: %v", err)
		case answered && strings.Contains(p.Detail, unchanged):
		default: // its connection broke, or the app says that it does not know
			one.unsure++
		}
		if err == nil || answered && p.Status < http.StatusInternalServerError {
			s.mu.Lock()
			s.asked = append(s.asked, one)
			s.mu.Unlock()
			return
		}
		_ = pause(s.ctx, again) // the loop sees when it is over
	}
}

// acknowledged counts the requests that are taken.
func (s *stage) acknowledged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// follow reads the events through one replica after another, each time from where it was,
// and notes what is not the next one.
func (s *stage) follow(ctx context.Context) {
	for turn := 0; ctx.Err() == nil; turn++ {
		reading, stop := context.WithCancel(ctx)
		// A reader behind a load balancer goes elsewhere when a replica says nothing. This
		// one does so often, so that it meets all of them in all their states.
		silent := time.AfterFunc(patience, stop)
		_ = s.replicas[turn%len(s.replicas)].client.Events(reading, "", s.followed.Load(), func(e api.Event) error {
			silent.Reset(patience)
			last := s.followed.Load()
			if e.ID != last+1 || e.Kind == api.EventsRestarted {
				s.note(&s.found.gaps, "after event %d came event %d (%s) of replica %s", last, e.ID, e.Kind, s.replicas[turn%len(s.replicas)].name)
			}
			if off := time.Since(e.At).Abs(); off > clocksOff/2 {
				s.note(&s.found.staleWrites, "event %d (%s) is of a time that is %s off", e.ID, e.Kind, off)
			}
			s.followed.Store(e.ID)
			if chance := e.ID % 100; chance == 99 {
				return errElsewhere
			}
			return nil
		}) // the next replica is asked for what follows
		silent.Stop()
		stop()
	}
}

// errElsewhere ends a stream of the follower's.
var errElsewhere = errors.New("another replica is followed")
