package fakegithub

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Fault is what goes wrong with a call.
type Fault struct {
	// Delay holds the call back.
	Delay time.Duration
	// Status, if not 0, is the answer instead, with these headers and text:
	// the call is not carried out, or is when After is set.
	Status int
	After  bool
	Header map[string]string
	Text   string
	// Lose carries the call out and ends the connection without an answer.
	Lose bool
}

// Inject adds a plan of faults: it is asked about each call, nil for "all is
// well". The first fault of all plans counts. The function returned takes it
// back.
func (s *Server) Inject(plan func(r *http.Request) *Fault) (remove func()) {
	var off atomic.Bool
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, func(r *http.Request) *Fault {
		if off.Load() {
			return nil
		}
		return plan(r)
	})
	return func() { off.Store(true) }
}

// Dispatches limits a plan to dispatches.
func Dispatches(plan func(r *http.Request) *Fault) func(r *http.Request) *Fault {
	return func(r *http.Request) *Fault {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/dispatches") {
			return nil
		}
		return plan(r)
	}
}

// Times limits a plan to the first n calls that it has a fault for.
func Times(n int, plan func(r *http.Request) *Fault) func(r *http.Request) *Fault {
	var used atomic.Int64
	return func(r *http.Request) *Fault {
		f := plan(r)
		if f == nil || used.Add(1) > int64(n) {
			return nil
		}
		return f
	}
}

// Always is the plan of one fault for every call.
func Always(f Fault) func(*http.Request) *Fault {
	return func(*http.Request) *Fault { return &f }
}

// PrimaryLimit is the answer when the hourly limit is used up; status is 403
// or 429, as GitHub uses either.
func PrimaryLimit(status int, reset time.Time) Fault {
	return Fault{
		Status: status, Text: `{"message":"API rate limit exceeded","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}`,
		Header: map[string]string{
			"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Used": "5000",
			"X-RateLimit-Reset": strconv.FormatInt(reset.Unix(), 10),
		},
	}
}

// SecondaryLimit is the answer to too many calls in a short time.
func SecondaryLimit(status int, wait time.Duration) Fault {
	return Fault{
		Status: status, Text: `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`,
		Header: map[string]string{"Retry-After": strconv.Itoa(int(wait / time.Second))},
	}
}

// Broken is GitHub's answer on a bad day.
func Broken(status int) Fault {
	return Fault{Status: status, Text: `{"message":"No server is currently available to service your request. Sorry about that. Please try resubmitting your request."}`}
}

func (s *Server) fault(r *http.Request) *Fault {
	s.mu.Lock()
	plans := s.faults
	s.mu.Unlock()
	for _, plan := range plans {
		if f := plan(r); f != nil {
			return f
		}
	}
	return nil
}
