package year

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// platform is where runs run, such as GitHub Actions: a world of its own that
// goes on while the app is away, loses answers, lists late and forgets.
type platform struct {
	world *world

	mu      sync.Mutex
	chance  chance
	on      runner.OnEvent // nil while nobody listens
	runs    map[string]*run
	tokens  map[string][]*run
	sent    map[string]time.Time // when each token was last sent
	outages []span               // nothing can be asked, news is late
	count   int
}

// link is one app's connection to the platform.
type link struct{ p *platform }

var _ runner.Runner = link{}

func newPlatform(w *world) *platform {
	return &platform{world: w, chance: newChance(w.seed, "platform"), runs: map[string]*run{}, tokens: map[string][]*run{}, sent: map[string]time.Time{}}
}

func (p *platform) connect(on runner.OnEvent) runner.Runner {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.on = on
	return link{p}
}

// grace is how long a dispatch of unknown outcome is looked for before it is
// sent again: the app's own default.
const grace = 2 * time.Minute

// answer is how the platform takes a dispatch.
type answer string

const (
	answered     answer = "answered"
	refused      answer = "refused"
	lostBefore   answer = "lost on its way there"
	lostAfter    answer = "answer lost"
	hangs        answer = "never answered"
	overtaken    answer = "answered after the run's claim"
	hiddenLong   answer = "answer lost, run in no list for long"
	hangsStarted answer = "never answered, but started"
)

var answers = []weighted[answer]{
	{920, answered}, {15, overtaken}, {10, refused}, {10, lostBefore}, {20, lostAfter}, {5, hangs}, {5, hangsStarted}, {5, hiddenLong},
}

// Dispatch implements runner.Runner.
func (l link) Dispatch(ctx context.Context, job runner.Job) (release.Run, error) {
	p := l.p
	p.mu.Lock()
	if last, ok := p.sent[job.Token]; ok && time.Since(last) < grace {
		p.world.broken(&p.world.figures.overlaps, "%s #%d was sent again after %s: it had to be looked for longer", job.Site, job.Release, time.Since(last))
	}
	p.sent[job.Token] = time.Now()
	how := pick(p.chance, answers)
	if p.out() {
		how = pick(p.chance, []weighted[answer]{{5, lostBefore}, {2, lostAfter}, {2, hangs}, {1, answered}})
	}
	wait := p.chance.between(100*time.Millisecond, 3*time.Second)
	lag := p.chance.between(0, 40*time.Second)
	p.mu.Unlock()
	p.world.figures.dispatch(how)
	sleep(ctx, wait)
	switch how {
	case answered:
		return p.create(job, 0).id(), nil
	case overtaken:
		r := p.create(job, 0)
		sleep(ctx, 5*time.Minute)
		return r.id(), ctx.Err()
	case refused:
		return release.Run{}, &runner.Refused{Why: "the workflow is disabled", Fault: release.FaultPlatform}
	case lostAfter:
		p.create(job, lag)
	case hiddenLong:
		p.create(job, 6*time.Minute)
	case hangs:
		<-ctx.Done()
	case hangsStarted:
		p.create(job, lag)
		<-ctx.Done()
	case lostBefore:
	}
	return release.Run{}, errors.New("no answer from the platform")
}

// create makes a run and lets it live. It is listed only after a while.
func (p *platform) create(job runner.Job, lag time.Duration) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	name := "run-" + strconv.Itoa(p.count)
	r := newRun(p.world, job, release.Run{ID: name, Attempt: 1, URL: "https://ci.example.org/" + name}, time.Now().Add(lag))
	p.runs[name] = r
	p.tokens[job.Token] = append(p.tokens[job.Token], r)
	p.world.crowd.Go(r.live)
	return r
}

// rerun is somebody's push of "Re-run failed jobs".
func (p *platform) rerun(old *run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := old.run
	id.Attempt++
	r := newRun(p.world, old.job, id, time.Now())
	p.runs[id.ID] = r
	p.tokens[old.job.Token] = append(p.tokens[old.job.Token], r)
	p.world.figures.count(&p.world.figures.reruns)
	p.world.crowd.Go(r.live)
}

// Find implements runner.Runner.
func (l link) Find(ctx context.Context, job runner.Job) (runner.Finding, error) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.p.out() {
		return runner.Finding{}, errors.New("the platform does not answer")
	}
	for _, r := range l.p.tokens[job.Token] {
		if !time.Now().Before(r.listed) {
			return runner.Finding{Run: r.id(), Found: true}, ctx.Err()
		}
	}
	return runner.Finding{}, ctx.Err()
}

// LookUp implements runner.Runner.
func (l link) LookUp(_ context.Context, _ string, _ int64, id release.Run) (release.Event, error) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.p.out() {
		return nil, errors.New("the platform does not answer")
	}
	r := l.p.runs[id.ID]
	switch {
	case r == nil:
		return nil, fmt.Errorf("run %s was never made", id.ID)
	case r.blind() && !r.over():
		return nil, errors.New("the platform does not answer")
	case r.forgotten() || time.Now().Before(r.listed):
		return release.RunMissing{Run: id}, nil
	case r.over():
		return r.ending(), nil
	default:
		return release.RunSeen{Run: r.id(), Note: "it runs"}, nil
	}
}

// Cancel implements runner.Runner. One in ten cancellations is not listened to.
func (l link) Cancel(_ context.Context, _ string, _ int64, id release.Run) error {
	l.p.mu.Lock()
	r := l.p.runs[id.ID]
	deaf, failed, wait := l.p.chance.of(0.1), l.p.chance.of(0.05), l.p.chance.between(time.Second, 20*time.Second)
	l.p.mu.Unlock()
	if failed {
		return errors.New("the platform does not answer")
	}
	if r == nil || deaf {
		return nil
	}
	time.AfterFunc(wait, r.cancel)
	return nil
}

// Log implements runner.Runner.
func (link) Log(context.Context, string, int64) (io.ReadCloser, error) { return nil, fs.ErrNotExist }

// Reattach implements runner.Runner.
func (link) Reattach(context.Context) error { return nil }

// Close implements runner.Runner: news is not kept for whoever comes next.
func (l link) Close() error {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.p.on = nil
	return nil
}

// delivery is how news of a run's end gets to the app.
type delivery string

const (
	inTime delivery = "in time"
	late   delivery = "late"
	twice  delivery = "twice"
	never  delivery = "never"
)

// tell delivers news as webhooks do: mostly in time, sometimes up to 71 minutes
// late, twice, or never. What comes while nobody listens is lost.
func (p *platform) tell(r *run, event release.Event) {
	p.mu.Lock()
	how := pick(p.chance, []weighted[delivery]{{80, inTime}, {8, late}, {6, twice}, {6, never}})
	soon, later := p.chance.between(time.Second, 8*time.Second), p.chance.between(2*time.Minute, 71*time.Minute)
	p.mu.Unlock()
	switch how {
	case inTime:
		p.deliver(r, event, soon)
	case late:
		p.deliver(r, event, later)
	case twice:
		p.deliver(r, event, soon)
		p.deliver(r, event, later)
	case never:
	}
}

func (p *platform) deliver(r *run, event release.Event, wait time.Duration) {
	p.world.crowd.Go(func() {
		if !sleep(p.world.ctx, wait) {
			return
		}
		p.mu.Lock()
		on := p.on
		p.mu.Unlock()
		if on != nil {
			on(r.job.Site, r.job.Release, event)
		}
	})
}

// out says whether the platform is out of order. The caller holds the lock.
func (p *platform) out() bool {
	n := len(p.outages)
	return n > 0 && p.outages[n-1].to.IsZero()
}

// breakDown makes the platform go out of order now and then, for 65 minutes at
// worst as on 2026-05-15 (https://www.githubstatus.com/history).
func (p *platform) breakDown(ctx context.Context, c chance) {
	for sleep(ctx, c.between(10*24*time.Hour, 40*24*time.Hour)) {
		p.mu.Lock()
		p.outages = append(p.outages, span{from: time.Now()})
		p.mu.Unlock()
		sleep(ctx, c.between(2*time.Minute, 65*time.Minute))
		p.mu.Lock()
		p.outages[len(p.outages)-1].to = time.Now()
		p.mu.Unlock()
	}
}

// played is how the platform remembers a run; nil when it never had it.
func (p *platform) played(id release.Run) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.runs[id.ID]; r != nil && r.run.Attempt == id.Attempt {
		return r
	}
	return nil
}
