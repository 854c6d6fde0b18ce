package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
)

// report has a deploy's output: its result, and its progress as events.
type report struct {
	result deploy.Result
	began  time.Time
	now    func() time.Time
	emit   func(deploy.Event)
}

func newReport(o *Options) *report {
	return &report{began: o.Now(), now: o.Now, emit: o.Progress}
}

// end puts the deploy's time and requests into the result.
func (r *report) end(requests int64) {
	r.result.Seconds, r.result.Requests = r.now().Sub(r.began).Seconds(), requests
}

func (r *report) warn(format string, args ...any) {
	r.result.Warnings = append(r.result.Warnings, fmt.Sprintf(format, args...))
}

// warnOnce does not repeat a warning, as when a plan is made again.
func (r *report) warnOnce(format string, args ...any) {
	if !slices.Contains(r.result.Warnings, fmt.Sprintf(format, args...)) {
		r.warn(format, args...)
	}
}

// note reports a missing capability of the destination, without which the deploy does.
func (r *report) note(format string, args ...any) {
	r.result.Notes = append(r.result.Notes, fmt.Sprintf(format, args...))
}

// phase adds a phase that ends now to the result.
func (r *report) phase(name string, began time.Time, files int, bytes int64) {
	r.result.Phases = append(r.result.Phases, deploy.PhaseTime{Name: name, Seconds: r.now().Sub(began).Seconds(), Files: files, Bytes: bytes})
}

// timed runs a phase with a result.
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

// maxShown is how many items a message names.
const maxShown = 5

// firstFew names the first maxShown items.
func firstFew[T any](of []T, name func(T) string) string {
	shown := make([]string, 0, maxShown)
	for _, o := range of[:min(len(of), maxShown)] {
		shown = append(shown, name(o))
	}
	if len(of) > maxShown {
		shown = append(shown, "...")
	}
	return strings.Join(shown, "; ")
}

// progressInterval is the shortest time between two events of a phase.
const progressInterval = 100 * time.Millisecond

// progress adds up a phase's work and emits it as events.
type progress struct {
	*report
	mu      sync.Mutex
	event   deploy.Event
	sent    int
	emitted time.Time
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
	if now := p.now(); now.Sub(p.emitted) >= progressInterval {
		p.emitted = now
		p.emitNow(now)
	}
}

func (p *progress) emitNow(now time.Time) {
	p.event.Elapsed = now.Sub(p.began)
	if !p.writing.IsZero() {
		p.event.Writing = now.Sub(p.writing)
	}
	p.emit(p.event)
}

// last emits the end of a phase, which add may have left out.
func (p *progress) last(ok bool) {
	if ok {
		p.emitNow(p.now())
	}
}
