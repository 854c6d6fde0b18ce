package cdn

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// recorder is a CDN that notes what it is told and can be away.
type recorder struct {
	limits Limits
	sets   []Set
	away   bool
}

func (r *recorder) Name() string                        { return "recorder:1" }
func (r *recorder) Limits() Limits                      { return r.limits }
func (r *recorder) Wait(context.Context, Receipt) error { return nil }
func (r *recorder) Purge(ctx context.Context, set Set) (Receipt, error) {
	return deliver(ctx, r.Name(), set, callLimits{total: 1000, mixed: true}, func(context.Context, []item) (string, error) {
		if r.away {
			return "", errors.New("it is away")
		}
		r.sets = append(r.sets, set)
		return "", nil
	})
}

// press is a site that is built and deployed into a folder.
type press struct {
	t     *testing.T
	build string
	dest  store.Destination
	rules rules.Rules
	cdn   *recorder
}

func newPress(t *testing.T) *press {
	t.Helper()
	home := t.TempDir()
	dest, err := destination.Open(t.Context(), "file://"+filepath.Join(home, "www"), destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &press{t: t, build: filepath.Join(home, "build"), dest: dest, cdn: &recorder{limits: Limits{Paths: 100, Prefixes: 5, Everything: true}}}
	p.write("index.html", "home")
	p.write("a.html", "one")
	p.write("b.html", "one")
	return p
}

func (p *press) write(name, body string) {
	p.t.Helper()
	file := filepath.Join(p.build, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o750), os.WriteFile(file, []byte(body), 0o600)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *press) remove(name string) {
	p.t.Helper()
	if err := os.Remove(filepath.Join(p.build, name)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *press) deploy() deploy.Result {
	p.t.Helper()
	r, err := engine.Run(p.t.Context(), p.dest, engine.Options{Source: p.build, Site: "www", Rules: p.rules})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *press) sync() (Report, error) {
	return Sync(p.t.Context(), p.dest, p.cdn, SyncOptions{Site: "www"})
}

// told syncs and expects the paths to be purged.
func (p *press) told(what string, paths ...string) {
	p.t.Helper()
	r, err := p.sync()
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	if diff := cmp.Diff(paths, r.Decision.Set.Paths, cmpopts.EquateEmpty()); diff != "" || r.Decision.Set.All || !finished(r.Receipt) {
		p.t.Fatalf("%s: %+v\n%s", what, r, diff)
	}
}

func TestTheCDNIsToldOfEachChangeOnce(t *testing.T) {
	p := newPress(t)
	if _, err := p.sync(); !errors.Is(err, history.ErrNoRelease) {
		t.Errorf("before the first release: %v", err)
	}
	p.deploy()
	if r, err := p.sync(); err != nil || !r.Decision.Set.All {
		t.Fatalf("the first release, of whose caches nothing is known: %+v, %v", r, err)
	}
	p.told("told already")
	p.deploy()
	p.told("nothing changed")
	p.write("a.html", "two")
	p.write("new.html", "one")
	p.deploy()
	p.told("a page changed", "/a.html")
	if n := len(p.cdn.sets); n != 2 {
		t.Errorf("%d purges", n)
	}
}

func TestWhatACDNMissedIsToldLater(t *testing.T) {
	p := newPress(t)
	p.deploy()
	if _, err := p.sync(); err != nil {
		t.Fatal(err)
	}
	p.write("a.html", "two")
	p.deploy()
	p.cdn.away = true
	r, err := p.sync()
	if pending, ok := errors.AsType[*PendingError](err); !ok || finished(pending.Receipt) || finished(r.Receipt) {
		t.Fatalf("the CDN is away: %+v, %v", r, err)
	}
	p.write("b.html", "two")
	p.deploy()
	p.cdn.away = false
	p.told("both changes", "/a.html", "/b.html")
}

// TestAPageThatWentAndCameBackIsPurged: the first and the last release agree,
// while caches may hold what was between.
func TestAPageThatWentAndCameBackIsPurged(t *testing.T) {
	p := newPress(t)
	p.deploy()
	if _, err := p.sync(); err != nil {
		t.Fatal(err)
	}
	p.write("a.html", "wrong")
	p.deploy()
	p.write("a.html", "one")
	p.deploy()
	p.told("what was between", "/a.html")
}

// TestAPageOfADeployThatDiedIsPurged: it was never released, but visitors may
// have seen it.
func TestAPageOfADeployThatDiedIsPurged(t *testing.T) {
	p := newPress(t)
	p.deploy()
	if _, err := p.sync(); err != nil {
		t.Fatal(err)
	}
	p.write("b.html", "two")
	r := p.deploy()
	// As a deploy leaves it that finds another's page and puts its own back.
	key := history.PlanKey(r.Sequence)
	plan, err := history.ReadManifest(t.Context(), p.dest.State, key, "www")
	if err != nil {
		t.Fatal(err)
	}
	live, err := history.ReadManifest(t.Context(), p.dest.State, history.ManifestKey(r.Sequence), "www")
	if err != nil {
		t.Fatal(err)
	}
	page, ok := live.Find("a.html")
	if !ok {
		t.Fatal("no a.html")
	}
	plan.Entries = append([]manifest.Entry{page}, plan.Entries...)
	body, err := plan.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.dest.State.Put(t.Context(), store.SmallPut(key, manifest.StateHeaders, body, store.Condition{})); err != nil {
		t.Fatal(err)
	}
	p.told("both", "/a.html", "/b.html")
}

func TestReleasesThatAreNotKeptMeanEverything(t *testing.T) {
	p := newPress(t)
	p.deploy()
	if _, err := p.sync(); err != nil {
		t.Fatal(err)
	}
	p.write("a.html", "two")
	between := p.deploy()
	p.write("b.html", "two")
	p.deploy()
	for _, err := range p.dest.State.Delete(t.Context(), []store.Deletion{{Key: history.ManifestKey(between.Sequence)}}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if r, err := p.sync(); err != nil || !r.Decision.Set.All {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTagsOfWhatIsCachedAreUsed(t *testing.T) {
	p := newPress(t)
	p.cdn.limits = Limits{Paths: 100, Tags: 10, TagHeader: "x-amz-meta-cache-tag", Everything: true, Prices: Prices{Unit: 0.005}}
	tag := func(tag string) {
		p.rules = rules.Rules{Headers: []rules.HeaderRule{{Match: "?.html", Set: map[string]string{"x-amz-meta-cache-tag": tag}}}}
	}
	tag("letters")
	for i := range 200 {
		p.write("x/"+string(rune('A'+i%26))+string(rune('a'+i/26))+".html", "x")
	}
	p.deploy()
	if _, err := p.sync(); err != nil {
		t.Fatal(err)
	}
	tag("renamed")
	p.write("a.html", "two")
	p.write("b.html", "two")
	p.deploy()
	r, err := p.sync()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"letters"}, r.Decision.Set.Tags); diff != "" || r.Decision.Method != MethodTags {
		t.Errorf("%+v\n%s", r.Decision, diff)
	}
}

func TestADryRunTellsNothing(t *testing.T) {
	p := newPress(t)
	p.deploy()
	for range 2 {
		r, err := Sync(t.Context(), p.dest, p.cdn, SyncOptions{Site: "www", DryRun: true})
		if err != nil || !r.Decision.Set.All || !r.DryRun || len(p.cdn.sets) != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	}
}

func TestEverythingOnDemandIsDoneEachTime(t *testing.T) {
	p := newPress(t)
	p.deploy()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for range 3 {
		_, err := Sync(t.Context(), p.dest, p.cdn, SyncOptions{Site: "www", All: true, Now: func() time.Time { now = now.Add(time.Second); return now }})
		if err != nil {
			t.Fatal(err)
		}
		set := p.cdn.sets[len(p.cdn.sets)-1]
		seen[set.reference(set.items())] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d different purges of 3", len(seen))
	}
}
