package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
)

// report gathers a deploy's output: its Result at the end, events meanwhile.
type report struct {
	result deploy.Result
	began  time.Time
	now    func() time.Time
	emit   func(deploy.Event)
}

func newReport(o *Options) *report {
	return &report{began: o.Now(), now: o.Now, emit: o.Progress}
}

// end notes how long the deploy took, in all its requests.
func (r *report) end(requests int64) {
	r.result.Seconds, r.result.Requests = r.now().Sub(r.began).Seconds(), requests
}

func (r *report) warn(format string, args ...any) {
	r.result.Warnings = append(r.result.Warnings, fmt.Sprintf(format, args...))
}

// warnOnce warns of what may be found more than once, as when a plan is made again.
func (r *report) warnOnce(format string, args ...any) {
	if !slices.Contains(r.result.Warnings, fmt.Sprintf(format, args...)) {
		r.warn(format, args...)
	}
}

// note reports a capability that the destination lacks, and that the deploy does without.
func (r *report) note(format string, args ...any) {
	r.result.Notes = append(r.result.Notes, fmt.Sprintf(format, args...))
}

// phase notes how long one took that began at this time.
func (r *report) phase(name string, began time.Time, files int, bytes int64) {
	r.result.Phases = append(r.result.Phases, deploy.Timed{Name: name, Seconds: r.now().Sub(began).Seconds(), Files: files, Bytes: bytes})
}

// timed runs a phase that makes something.
func timed[T any](r *report, name string, f func() (T, error)) (T, error) {
	began := r.now()
	made, err := f()
	r.phase(name, began, 0, 0)
	return made, err
}

// timed runs a phase.
func (r *report) timed(name string, f func() error) error {
	began := r.now()
	err := f()
	r.phase(name, began, 0, 0)
	return err
}

// shownRules is how many rules a warning names.
const shownRules = 5

// theFirst names the first few of many.
func theFirst[T any](of []T, name func(T) string) string {
	shown := make([]string, 0, shownRules)
	for _, o := range of[:min(len(of), shownRules)] {
		shown = append(shown, name(o))
	}
	if len(of) > shownRules {
		shown = append(shown, "...")
	}
	return strings.Join(shown, "; ")
}

// tellEvery is the least time between two events of one phase.
const tellEvery = 100 * time.Millisecond

// progress adds up a phase's work and reports it now and then.
type progress struct {
	*report
	mu      sync.Mutex
	event   deploy.Event
	sent    int
	told    time.Time
	writing time.Time // when the first phase that writes began; zero for one that does not
}

func (p *progress) add(size int64, sent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.event.Done++
	if sent {
		p.sent++
		p.event.Bytes += size
	}
	if !p.writing.IsZero() {
		p.event.All.Done++
		if sent {
			p.event.All.Bytes += size
		}
	}
	if now := p.now(); now.Sub(p.told) >= tellEvery {
		p.told = now
		p.tell(now)
	}
}

func (p *progress) tell(now time.Time) {
	p.event.Elapsed = now.Sub(p.began)
	if !p.writing.IsZero() {
		p.event.Writing = now.Sub(p.writing)
	}
	p.emit(p.event)
}

// last reports a finished phase, whose end would else go unreported.
func (p *progress) last(ok bool) {
	if ok {
		p.tell(p.now())
	}
}
