//go:build unix

package replicas

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// of is a release.
type of struct {
	site   string
	number int64
}

// runs are what the drill's GitHub saw.
type runs struct {
	mu         sync.Mutex
	dispatched map[of][]time.Time    // each time that one was
	built      map[of]map[int64]bool // by which runs
	over       map[of]time.Time      // when its run had reported all
	duplicates int                   // runs that were told that they are
}

func newRuns() *runs {
	return &runs{dispatched: map[of][]time.Time{}, built: map[of]map[int64]bool{}, over: map[of]time.Time{}}
}

// errOver says that the release is not this run's, or over.
var errOver = errors.New("nothing to do")

// play does what the action does in a run.
func (s *stage) play(ctx context.Context, run fakegithub.Run) {
	number, err := strconv.ParseInt(run.Inputs["release"], 10, 64)
	if err != nil {
		s.breach("the run %d has no release: %v", run.ID, err)
		return
	}
	one := of{run.Inputs["site"], number}
	s.runs.mu.Lock()
	s.runs.dispatched[one] = append(s.runs.dispatched[one], time.Now())
	s.runs.mu.Unlock()
	if s.github.Step(run.ID, "in_progress", "") != nil {
		return // cancelled
	}
	conclusion := "success"
	if err := s.work(ctx, run, one); err != nil && !errors.Is(err, errOver) {
		conclusion = "failure"
	}
	_ = s.github.Step(run.ID, "completed", conclusion) // unless it was cancelled
}

func (s *stage) work(ctx context.Context, run fakegithub.Run, one of) error {
	name := api.Run{ID: strconv.FormatInt(run.ID, 10), Attempt: run.Attempt}
	var got api.ClaimResult
	err := s.persist(ctx, "a claim", func(ctx context.Context, client *api.Client) (err error) {
		identity := client.WithToken(s.github.IDToken(run, s.replicas[0].url, nil))
		got, err = identity.Claim(ctx, one.site, api.ClaimInput{Release: one.number, Token: run.Inputs["token"], Run: name})
		return err
	})
	if err != nil {
		if errors.Is(err, errOver) {
			s.runs.mu.Lock()
			s.runs.duplicates++
			s.runs.mu.Unlock()
		}
		return err
	}
	one.number = got.Release
	for i, state := range []release.State{release.InProgress, release.Complete, release.Ready} {
		err := s.persist(ctx, "a report", func(ctx context.Context, client *api.Client) error {
			_, err := client.WithToken(got.Session).Report(ctx, one.site, one.number, api.ReportInput{Run: name, Sequence: int64(i + 1), State: state})
			return err
		})
		if err != nil {
			return err
		}
		s.runs.mu.Lock()
		switch state { //nolint:exhaustive // of those that are reported
		case release.InProgress: // from here on a run builds and deploys
			if s.runs.built[one] == nil {
				s.runs.built[one] = map[int64]bool{}
			}
			s.runs.built[one][run.ID] = true
		case release.Ready:
			s.runs.over[one] = time.Now()
		}
		s.runs.mu.Unlock()
	}
	return nil
}

// persist calls one replica after another until one answers.
func (s *stage) persist(ctx context.Context, what string, call func(context.Context, *api.Client) error) error {
	began, tryOne := time.Now(), s.caller()
	for {
		err := tryOne(ctx, call)
		if err == nil {
			s.waited(what, began, time.Now())
			return nil
		}
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status < http.StatusInternalServerError {
			if p.Status != http.StatusConflict {
				s.breach("%s was refused: %v", what, err)
			}
			return errOver
		}
		if pause(ctx, again) != nil {
			return ctx.Err()
		}
	}
}

const (
	// patience is how long a caller waits for one replica's answer before it asks another,
	// as a load balancer would.
	patience = 4 * time.Second
	// again is its wait between two tries.
	again = 50 * time.Millisecond
)

// caller gives what calls one replica, and each further time the next one: who got no
// answer of a replica that is stopped does not meet it again at once.
func (s *stage) caller() func(context.Context, func(context.Context, *api.Client) error) error {
	turn := int(s.turn.Add(1))
	return func(ctx context.Context, call func(context.Context, *api.Client) error) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		turn++
		return call(ctx, s.replicas[turn%len(s.replicas)].client)
	}
}

// pause is a wait of the load's own.
func pause(ctx context.Context, span time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(span):
		return nil
	}
}
