package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// pass reads until nothing changes any more while it reads: see rounds.go.
type pass struct {
	plan  Plan
	kept  *archive.Pass
	state archive.State
	base  *content.Snapshot
	began time.Time
	round int

	mu          sync.Mutex
	records     map[content.Key]entry
	cursors     map[string]string // where each list's changes go on
	moved       bool              // something changed while it was read
	done, total int
	phase       string
}

// entry is a record as it was read last.
type entry struct {
	content.Record
	// readAt is when, by the source's clock.
	readAt time.Time
}

func newPass(plan Plan, kept *archive.Pass, state archive.State, base *content.Snapshot) *pass {
	p := &pass{plan: plan, kept: kept, state: state, base: base, began: plan.Now(), records: map[content.Key]entry{}, cursors: map[string]string{}}
	if base == nil || kept.Full {
		return p
	}
	for _, r := range base.Records {
		p.records[r.Key] = entry{r, state.Watermark}
	}
	return p
}

// read reads everything, or what changed, and then looks for changes meanwhile, in
// rounds, until there are none.
func (p *pass) read(ctx context.Context) (*content.Snapshot, error) {
	p.tell("reading")
	if err := p.each(ctx, p.collect); err != nil {
		return nil, err
	}
	p.tell("checking")
	for p.round = 1; ; p.round++ {
		p.moved = false
		if err := p.each(ctx, p.look); err != nil {
			return nil, err
		}
		if !p.moved || p.round >= p.plan.Rounds {
			break
		}
	}
	s := &content.Snapshot{
		Source:    content.Source{Kind: p.plan.Kind, URL: p.plan.URL, Model: p.kept.Model},
		Watermark: p.kept.Watermark, Consistency: content.Quiet,
	}
	if p.moved {
		s.Consistency = content.PerItem
	}
	for _, e := range p.records {
		s.Records = append(s.Records, e.Record)
	}
	s.Sort()
	p.firsts(s)
	return s, nil
}

// firsts keeps of each record the snapshot that it was first seen in.
func (p *pass) firsts(s *content.Snapshot) {
	first := map[content.Key]string{}
	if p.base != nil {
		for _, r := range p.base.Records {
			first[r.Key] = r.First
		}
	}
	for i := range s.Records {
		r := &s.Records[i]
		if r.First = first[r.Key]; r.First == "" {
			r.First = s.ID
		}
	}
}

// each calls do for all types at once.
func (p *pass) each(ctx context.Context, do func(context.Context, content.Type) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, t := range p.plan.Types {
		g.Go(func() error { return do(ctx, t) })
	}
	return g.Wait()
}

// collect reads all of a type, or what its list says has changed.
func (p *pass) collect(ctx context.Context, t content.Type) error {
	want := content.Want{}
	if !p.kept.Full {
		if from := p.state.Cursors[t.Name]; t.Resume != "" && from != "" {
			p.resumeAt(t, from)
			return p.resume(ctx, t, "collect")
		}
		if t.Since == nil || t.Body != nil {
			return nil // the look at all ids decides
		}
		want.Since = p.state.Watermark.Add(-p.plan.Overlap)
	}
	_, err := p.list(ctx, t, want, "collect")
	return err
}

// resume reads the changes that a list has listed since its last reading.
func (p *pass) resume(ctx context.Context, t content.Type, purpose string) error {
	p.mu.Lock()
	from := p.cursors[t.Name]
	p.mu.Unlock()
	if from == "" {
		return fmt.Errorf("read the type %s: its list does not say where its changes are", t.Name)
	}
	_, err := p.listFrom(ctx, t, content.Want{}, purpose, from)
	if refused, ok := errors.AsType[*fetch.StatusError](err); ok && refused.Status == http.StatusBadRequest {
		return fmt.Errorf("%w: %w", errForgotten, err)
	}
	return err
}

func (p *pass) resumeAt(t content.Type, at string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cursors[t.Name] = at
}

// take takes over the records of an answer, but for those that were read later.
func (p *pass) take(a archive.Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range a.Records {
		before, had := p.records[r.Key]
		if had && before.readAt.After(a.At) {
			continue // an answer that was overtaken
		}
		if !had || before.Hash != r.Hash {
			p.moved = true
		}
		p.records[r.Key] = entry{r, a.At}
	}
}

func (p *pass) drop(keys ...content.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range keys {
		if _, had := p.records[key]; had {
			delete(p.records, key)
			p.moved = true
		}
	}
}

func (p *pass) markMoved() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved = true
}

// expect counts requests that are to come.
func (p *pass) expect(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += n
}

func (p *pass) answered() {
	p.mu.Lock()
	p.done++
	now := p.progress()
	p.mu.Unlock()
	p.plan.Tell(now)
}

func (p *pass) tell(phase string) {
	p.mu.Lock()
	p.phase = phase
	now := p.progress()
	p.mu.Unlock()
	p.plan.Tell(now)
}

func (p *pass) progress() Progress {
	return Progress{Phase: p.phase, Round: p.round, Done: p.done, Total: p.total, Records: len(p.records), Elapsed: p.plan.Now().Sub(p.began)}
}
