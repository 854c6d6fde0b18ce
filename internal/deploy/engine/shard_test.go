package engine_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

func TestShardsOfOnePlanMakeOneRelease(t *testing.T) {
	whereverContentIsKept(t, func(t *testing.T, p place) {
		t.Helper()
		build := small().with("_redirects", "/old /about/\n").write(t)
		o := options(build)
		o.DryRun = true
		planned, err := engine.Run(t.Context(), p.dest, o)
		if err != nil {
			t.Fatal(err)
		}
		plan := engine.Sharded{Next: planned.Next, Parent: planned.Parent, Shards: 3, Changed: planned.All}
		if _, err := engine.Stage(t.Context(), p.dest, plan, 1, options(small().with("news/index.html", "other").with("404.html", "other").with("sitemap.xml", "other").
			with("index.html", "other").with("about/index.html", "other").with("assets/app-BxK3a9_z.js", "other").write(t))); !errors.Is(err, engine.ErrPlanMoved) {
			t.Fatalf("another build: %v", err)
		}
		sent := 0
		for shard := 1; shard <= plan.Shards; shard++ {
			r, err := engine.Stage(t.Context(), p.dest, plan, shard, options(build))
			if err != nil {
				t.Fatal(err)
			}
			sent += r.Uploaded
		}
		if got := p.read(t); len(got) != 0 {
			t.Fatalf("before the commit the site holds %q", got)
		}
		r, err := engine.Commit(t.Context(), p.dest, plan, options(""))
		if err != nil || !r.Live || r.Uploaded != 0 || sent != 9 {
			t.Fatalf("%d sent, %+v, %v", sent, r.Counts, err)
		}
		got := p.read(t)
		if len(got) != 9 || got["news/index.html"] != "news" || !strings.Contains(got["old/index.html"], "url=/about/") {
			t.Fatalf("the site holds %q", got)
		}
		if again := mustRun(t, p, options(build)); again.Counts.Unchanged != 9 {
			t.Fatalf("a deploy of the same build: %+v", again.Counts)
		}
		if _, err := engine.Commit(t.Context(), p.dest, plan, options("")); !errors.Is(err, engine.ErrPlanMoved) {
			t.Fatalf("a plan that was overtaken: %v", err)
		}
	})
}

// planned is a plan of a build in shards, and the build.
func planned(t *testing.T, p place, s site, shards int) (engine.Sharded, string) {
	t.Helper()
	build := s.write(t)
	o := options(build)
	o.DryRun = true
	r, err := engine.Run(t.Context(), p.dest, o)
	if err != nil {
		t.Fatal(err)
	}
	return engine.Sharded{Next: r.Next, Parent: r.Parent, Shards: shards, Changed: r.All}, build
}

func stageAll(t *testing.T, p place, plan engine.Sharded, build string) {
	t.Helper()
	for shard := 1; shard <= plan.Shards; shard++ {
		if _, err := engine.Stage(t.Context(), p.dest, plan, shard, options(build)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACommitOfWhatIsLiveChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		changes := map[string]site{"changed": small().with("news/index.html", "other"), "nothing changed": small()}
		mustRun(t, p, options(small().write(t)))
		for _, name := range []string{"changed", "nothing changed"} {
			plan, build := planned(t, p, changes[name], 2)
			stageAll(t, p, plan, build)
			first, err := engine.Commit(t.Context(), p.dest, plan, options(""))
			if err != nil || first.AlreadyLive {
				t.Fatalf("%s: %+v, %v", name, first, err)
			}
			for range 2 {
				again, err := engine.Commit(t.Context(), p.dest, plan, options(""))
				if err != nil || !again.Live || !again.AlreadyLive || again.Release != first.Release || again.Sequence != first.Sequence {
					t.Errorf("%s, again: %+v, %v", name, again, err)
				}
				late, err := engine.Stage(t.Context(), p.dest, plan, 1, options(t.TempDir()))
				if err != nil || !late.AlreadyLive || late.Uploaded != 0 || late.Release != first.Release {
					t.Errorf("%s, a late shard: %+v, %v", name, late, err)
				}
			}
		}
	})
}

func TestCommitsAtOnceMakeOneRelease(t *testing.T) {
	b := newBucket(t)
	plan, build := planned(t, b.place, small(), 1)
	stageAll(t, b.place, plan, build)
	var already, released atomic.Int32
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			o := options("")
			o.LockWait, o.LeaseTTL = time.Minute, time.Minute // a busy machine loses no lease here
			r, err := engine.Commit(t.Context(), b.dest, plan, o)
			if err != nil || !r.Live || r.Release != 1 {
				t.Errorf("%+v, %v", r, err)
			}
			if r.AlreadyLive {
				already.Add(1)
			} else {
				released.Add(1)
			}
		})
	}
	group.Wait()
	if released.Load() != 1 || already.Load() != 3 {
		t.Errorf("%d released, %d found it live", released.Load(), already.Load())
	}
}

func TestAShardOfAPlanThatWasOvertakenSendsNothing(t *testing.T) {
	b := newBucket(t)
	plan, build := planned(t, b.place, small(), 1)
	mustRun(t, b.place, options(small().with("news/index.html", "other").write(t)))
	before := b.dest.Requests()
	r, err := engine.Stage(t.Context(), b.dest, plan, 1, options(build))
	if !errors.Is(err, engine.ErrPlanMoved) || b.dest.Requests()-before > 2 {
		t.Errorf("%d requests, %v", b.dest.Requests()-before, err)
	}
	if r.Live || r.AlreadyLive {
		t.Errorf("a shard that can't be sent any more says that it is live: %+v", r)
	}
	// The plan's own release, and then an earlier one put back: it was overtaken too.
	plan, build = planned(t, b.place, small().with("news/index.html", "third"), 1)
	stageAll(t, b.place, plan, build)
	if _, err := engine.Commit(t.Context(), b.dest, plan, options("")); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Rollback(t.Context(), b.dest, 1, options("")); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Commit(t.Context(), b.dest, plan, options("")); !errors.Is(err, engine.ErrPlanMoved) {
		t.Errorf("after a rollback: %v", err)
	}
}

// Content that was tidied away in between is sent again: what a store remembers of
// it is not the content.
func TestAShardSendsAgainWhatWasTidiedAway(t *testing.T) {
	whereverContentIsKept(t, func(t *testing.T, p place) {
		t.Helper()
		plan, build := planned(t, p, small(), 1)
		stageAll(t, p, plan, build)
		for _, e := range plan.Next.Entries {
			if err := p.dest.KeptStore().Delete(t.Context(), []store.Deletion{{Key: p.dest.KeptPrefix + e.Sum.String()}})[0]; err != nil {
				t.Fatal(err)
			}
		}
		r, err := engine.Stage(t.Context(), p.dest, plan, 1, options(build))
		if err != nil || r.Uploaded != len(plan.Next.Entries) {
			t.Errorf("%d of %d sent again, %v", r.Uploaded, len(plan.Next.Entries), err)
		}
		if r, err := engine.Commit(t.Context(), p.dest, plan, options("")); err != nil || !r.Live {
			t.Errorf("live %t, %v", r.Live, err)
		}
	})
}
