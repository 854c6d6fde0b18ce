package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/engine"
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
