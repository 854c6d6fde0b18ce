package deploy_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/fakes3"
)

// TestRaces: deploys of different builds start at random moments over a network
// of random delays. Whoever commits last, the bucket holds exactly that build.
func TestRaces(t *testing.T) {
	builds := []build{makeBuild(t, fewPages, 1), makeBuild(t, fewPages, 2), makeBuild(t, fewPages, 3)}
	races := 10
	if *all {
		races = 300
	}
	interleaved, committed := 0, 0
	for seed := range races {
		synctest.Test(t, func(t *testing.T) {
			server := &fakes3.Server{}
			server.Bucket(bucket, nil)
			server.Changed = visit(t, &tally{}, builds...).look
			random := rand.New(rand.NewPCG(uint64(seed), 4))
			var mu sync.Mutex
			delay := func(most time.Duration) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(random.Int64N(int64(most)))
			}
			type end struct {
				sequence int64
				build    build
			}
			var ends []end
			var wait sync.WaitGroup
			for _, b := range builds {
				wait.Go(func() {
					time.Sleep(delay(2 * time.Second))
					d := &door{server: server, wait: func(int64) { time.Sleep(delay(300 * time.Millisecond)) }}
					o := options(b)
					o.LeaseTTL = 10 * time.Second
					result, err := engine.Run(t.Context(), d.open(t), o)
					if err != nil {
						t.Errorf("seed %d: %v", seed, err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					ends = append(ends, end{result.Sequence, b})
				})
			}
			wait.Wait()
			committed += len(ends)
			if len(ends) != len(builds) {
				return
			}
			last := slices.MaxFunc(ends, func(a, b end) int { return cmp.Compare(a.sequence, b.sequence) })
			if err := holds(server.Objects(bucket), last.build); err != nil {
				interleaved++
				t.Errorf("seed %d: %v", seed, err)
			}
		})
		if t.Failed() {
			break
		}
	}
	fmt.Printf("races: deploys=%d interleaved=%d\n", committed, interleaved)
}
