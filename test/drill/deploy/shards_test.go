package deploy_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// TestShardsFailAtRandom: the jobs of a release each send a part of it. At random
// they die, are run twice, or come after the commit, and so does the commit. The
// site is the old release until a commit has said that it is the new one.
func TestShardsFailAtRandom(t *testing.T) {
	const shards = 4
	v1, v2 := makeBuild(t, fewPages, 1), makeBuild(t, fewPages, 2)
	rounds := 12
	if *all {
		rounds = 300
	}
	failed, refused, late := 0, 0, 0
	sum := &tally{}
	synctest.Test(t, func(t *testing.T) {
		server := &fakes3.Server{}
		server.Bucket(bucket, nil)
		server.Changed = visit(t, sum, v1, v2).look
		if _, err := engine.Run(t.Context(), (&door{server: server}).open(t), options(v1)); err != nil {
			t.Fatal(err)
		}
		base := server.Objects(bucket)
		for seed := range rounds {
			server.Bucket(bucket, base)
			random := rand.New(rand.NewPCG(uint64(seed), 12))
			o := options(v2)
			o.DryRun = true
			r, err := engine.Run(t.Context(), (&door{server: server}).open(t), o)
			if err != nil {
				t.Fatal(err)
			}
			plan := engine.Sharded{Next: r.Next, Parent: r.Parent, Shards: shards, Changed: r.All}
			// dies gives a way to the store that breaks at a random request.
			dies := func(most int64) store.Destination {
				k := 1 + random.Int64N(most)
				return (&door{server: server, fault: func(n int64, _ *http.Request) *fakes3.Fault {
					if n >= k {
						return &fakes3.Fault{Drop: true, Done: n == k && k%2 == 0}
					}
					return nil
				}}).open(t)
			}
			whole := (&door{server: server}).open(t)
			var missing []int
			for shard := 1; shard <= shards; shard++ {
				dest := whole
				if random.IntN(2) == 0 {
					dest = dies(4)
				}
				if _, err := engine.Stage(t.Context(), dest, plan, shard, options(v2)); err != nil {
					failed++
					missing = append(missing, shard)
				}
			}
			if len(missing) > 0 {
				_, err := engine.Commit(t.Context(), whole, plan, options(v2))
				if err == nil {
					missing = nil // it had sent all before it died
				} else if !errors.Is(err, engine.ErrShardMissing) {
					t.Fatalf("seed %d: %v", seed, err)
				} else if err := holds(server.Objects(bucket), v1); err != nil {
					t.Fatalf("seed %d: the commit of a plan that is not complete: %v", seed, err)
				} else {
					refused++
				}
			}
			for _, shard := range missing {
				if _, err := engine.Stage(t.Context(), whole, plan, shard, options(v2)); err != nil {
					t.Fatalf("seed %d: shard %d, run again: %v", seed, shard, err)
				}
			}
			if _, err := engine.Commit(t.Context(), dies(60), plan, options(v2)); err == nil {
				t.Logf("seed %d: committed before it could die", seed)
			}
			_, err = engine.Commit(t.Context(), whole, plan, options(v2))
			if err != nil && !errors.Is(err, engine.ErrPlanMoved) { // the one before had made it
				t.Fatalf("seed %d: commit: %v", seed, err)
			}
			if err := holds(server.Objects(bucket), v2); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			// A shard that comes late changes nothing that a visitor sees.
			if _, err := engine.Stage(t.Context(), whole, plan, 1+random.IntN(shards), options(v2)); err != nil {
				t.Fatalf("seed %d: late: %v", seed, err)
			}
			late++
			if err := holds(server.Objects(bucket), v2); err != nil {
				t.Fatalf("seed %d: after a late shard: %v", seed, err)
			}
		}
	})
	fmt.Printf("shards: rounds=%d failed=%d refused=%d late=%d torn=%d\n", rounds, failed, refused, late, sum.torn)
	if failed == 0 || refused == 0 || sum.torn > 0 {
		t.Fail()
	}
}
