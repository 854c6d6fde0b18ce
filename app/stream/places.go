package app

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
)

// streams bounds how many event streams are open: in all, so that the app keeps
// room for runs and requests, and by one caller, so that none takes all.
type streams struct {
	most, mostOfOne int
	beat            time.Duration // how often a silent stream says that it lives
	vanished        time.Duration // see boundSilence

	mu   sync.Mutex
	open int
	by   map[string]int // by the caller's name
}

const (
	maxStreams = 1000
	// maxStreamsOfOne is of one token: all the editors who share one, each with
	// a page or two before them.
	maxStreamsOfOne = 300
	// streamAgain is when to try again for a stream that there was no room for.
	streamAgain = 30 * time.Second
	// vanishedAfter is how long what was sent may go unacknowledged. Together with
	// keepAlive it frees the place of a reader who vanished within a minute.
	vanishedAfter = 40 * time.Second
)

func newStreams() *streams {
	return &streams{most: maxStreams, mostOfOne: maxStreamsOfOne, beat: keepAlive, vanished: vanishedAfter, by: map[string]int{}}
}

// enter takes a place for a caller's stream, which leave gives back; or says why
// there is none.
func (s *streams) enter(caller string) (leave func(), refused *api.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const instead = "; close some, try again in a moment, or ask now and then instead"
	switch {
	case s.by[caller] >= s.mostOfOne:
		return nil, problem.New(http.StatusTooManyRequests, "too_many_streams", fmt.Sprintf("%d event streams are open by %s, which is all it may%s", s.by[caller], caller, instead))
	case s.open >= s.most:
		return nil, problem.New(http.StatusServiceUnavailable, "too_many_streams", fmt.Sprintf("%d event streams are open, which is all the app has room for%s", s.open, instead))
	}
	s.open++
	s.by[caller]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		if s.by[caller]--; s.by[caller] == 0 {
			delete(s.by, caller)
		}
	}), nil
}

// refuseFor is refuse for what may work after some time.
func (a *App) refuseFor(w http.ResponseWriter, r *http.Request, p *api.Problem, again time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(again/time.Second)))
	a.problems.Write(w, r, p)
}
