package year

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// world is everything in the bubble.
type world struct {
	t        *testing.T
	seed     uint64
	ctx      context.Context //nolint:containedctx // the bubble's own life
	cancel   context.CancelFunc
	open     context.Context //nolint:containedctx // the days of the drill: people ask
	closing  context.CancelFunc
	server   *server
	platform *platform
	sites    map[string]*site
	ops, cms *api.Client
	crowd    sync.WaitGroup // everybody in it

	mu    sync.Mutex
	asked []*asked
	acts  []act

	figures figures
	ranges  ranges
}

// newWorld makes a world with two sites in different zones, and starts its app.
func newWorld(t *testing.T, seed uint64, dir string) *world {
	t.Helper()
	w := &world{t: t, seed: seed}
	w.ctx, w.cancel = context.WithCancel(t.Context())
	w.open, w.closing = context.WithCancel(w.ctx)
	w.platform = newPlatform(w)
	w.server = newServer(t, dir, w.platform, newChance(seed, "network"))
	w.sites = map[string]*site{"www": newSite(w, "www", "America/New_York"), "library": newSite(w, "library", "Europe/Berlin")}
	w.server.start()
	w.ops, w.cms = w.server.client(operatorToken), w.server.client(cmsToken)
	return w
}

// live lets the days go by, waits until everything is settled, and checks.
func (w *world) live(days int, tell func(day int)) {
	for name, s := range w.sites {
		who := func(actor string) chance { return newChance(w.seed, actor+" of "+name) }
		w.crowd.Go(func() { s.editors(who("editors")) })
		w.crowd.Go(func() { s.buttons(who("workflow button")) })
		w.crowd.Go(func() { s.meddle(who("operator")) })
		w.crowd.Go(func() { s.tend(who("operator on call")) })
	}
	w.crowd.Go(func() { w.platform.breakDown(w.open, newChance(w.seed, "outages")) })
	var restarts sync.WaitGroup
	restarts.Go(func() { w.restart(newChance(w.seed, "restarts")) })
	for day := range days {
		sleep(w.ctx, 24*time.Hour)
		tell(day + 1)
	}
	w.closing()
	restarts.Wait()
	w.settle()
	w.check()
	w.cancel()
	w.crowd.Wait()
	w.server.end(true)
}

// restart stops the app now and then, mostly for seconds, and starts it again
// on the same ledger.
func (w *world) restart(c chance) {
	for sleep(w.open, c.between(12*time.Hour, 8*24*time.Hour)) {
		w.server.end(c.of(0.5))
		away := c.between(time.Second, 90*time.Second)
		if c.of(0.1) {
			away = c.between(5*time.Minute, 90*time.Minute)
		}
		sleep(w.ctx, away)
		w.server.start()
		w.figures.count(&w.figures.restarts)
	}
}

// settle waits until nothing is left to do. What keeps it from that is stuck.
func (w *world) settle() {
	ends := time.Now().Add(settleLimit)
	for time.Now().Before(ends) {
		open := 0
		for name := range w.sites {
			at, err := w.server.now().Ledger().Site(w.ctx, name)
			if err != nil {
				w.t.Fatal(err)
			}
			if at.State != release.Ready || !at.Scheduled.IsZero() || at.Shows() != at.Live.Number {
				open++
			}
		}
		if open == 0 && w.unanswered() == 0 {
			return
		}
		sleep(w.ctx, 5*time.Minute)
	}
	for name := range w.sites {
		at, err := w.ops.Site(w.ctx, name)
		w.broken(&w.figures.stuck, "%s is not settled %s after the last day: %s (%v)", name, settleLimit, at.Text, err)
	}
}

// broken counts a broken promise and tells of it; only the first few at length.
func (w *world) broken(count *int, format string, args ...any) {
	w.t.Helper()
	w.figures.count(count)
	if w.figures.total(&w.figures.breaches) < 20 {
		w.t.Errorf("%s: "+format, append([]any{time.Now().UTC().Format(time.RFC3339)}, args...)...)
	}
	w.figures.count(&w.figures.breaches)
}

// outcome is how the app says that a release ended.
func (w *world) outcome(name string, number int64) release.Outcome {
	a := w.server.now()
	if a == nil {
		return release.Superseded // it is just going away: nothing can be said
	}
	r, err := a.Ledger().Release(w.ctx, name, number)
	if err != nil {
		return release.Superseded
	}
	return r.Outcome
}

// mustRefuse checks that a call was refused as a 4xx.
func (w *world) mustRefuse(err error, what string) {
	p, ok := errors.AsType[*api.Problem](err)
	if err == nil || (ok && p.Status == 200) {
		w.broken(&w.figures.wrong, "%s was taken", what)
	}
	if ok && p.Status < 500 {
		w.figures.count(&w.figures.refusals)
	}
}

// mustKnow checks that a repeated call was acknowledged again, or that the
// world has moved on.
func (w *world) mustKnow(err error, over release.Code) {
	p, ok := errors.AsType[*api.Problem](err)
	if ok && p.Status < 500 && release.Code(p.Code) != over && !taken(err) {
		w.broken(&w.figures.wrong, "a report that came twice was refused: %v", err)
	}
}
