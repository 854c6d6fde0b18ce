package export

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
)

// resolution is the resolution of sources' clocks: what changed within the second of the
// watermark may not have been visible yet.
const resolution = time.Second

// Run makes a pass, or goes on with one that was cut off.
func Run(ctx context.Context, plan Plan) (r Report, err error) {
	plan = plan.withDefaults()
	folder, err := archive.Open(plan.Dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	state, latest, err := folder.Latest()
	if err != nil && !errors.Is(err, archive.ErrNone) {
		return r, err
	}
	began := plan.Now()
	model := content.Model(plan.Kind, plan.URL, plan.Types)
	why := whyFull(plan, state, latest, model)
	at, own, err := plan.Ask.Clock(ctx)
	if err != nil {
		return r, fmt.Errorf("ask the source for its time: %w", err)
	}
	b := archive.Head{Model: model, Full: why != "", Watermark: at.Add(-resolution).UTC(), OwnClock: own, At: began}
	if latest != nil {
		b.Base = latest.ID
	}
	kept, err := folder.Begin(b, plan.Young)
	if err != nil {
		return r, err
	}
	p := newPass(plan, kept, state, latest)
	s, err := p.read(ctx)
	if errors.Is(err, errForgotten) && !kept.Full {
		why = errForgotten.Error()
		if p, err = p.anew(folder, state, latest); err != nil {
			return r, err
		}
		s, err = p.read(ctx)
	}
	if err != nil {
		return r, errors.Join(err, p.leave(err))
	}
	return p.commit(folder, s, why)
}

// errForgotten says that a source has forgotten the cursor of the last pass.
var errForgotten = errors.New("the source no longer knows where the last pass ended")

// anew begins the pass once more, as a full one.
func (p *pass) anew(folder *archive.Archive, state archive.State, latest *content.Snapshot) (*pass, error) {
	if err := p.kept.Discard(); err != nil {
		return nil, err
	}
	b := p.kept.Head
	b.Full = true
	kept, err := folder.Begin(b, p.plan.Young)
	if err != nil {
		return nil, err
	}
	return newPass(p.plan, kept, state, latest), nil
}

func (p Plan) withDefaults() Plan {
	if p.Rounds <= 0 {
		p.Rounds = 3
	}
	if p.Young <= 0 {
		p.Young = 6 * time.Hour
	}
	if p.Tell == nil {
		p.Tell = func(Progress) {}
	}
	return p
}

// commit checks the records that were read, makes them the latest snapshot, and reports.
func (p *pass) commit(folder *archive.Archive, s *content.Snapshot, why string) (Report, error) {
	if err := p.shrunk(s); err != nil {
		return Report{}, errors.Join(err, p.leave(err))
	}
	p.tell("writing")
	state := p.state
	state.Cursors = p.cursors
	if p.kept.Full {
		state.FullAt = s.Watermark
	}
	changes := content.Between(p.base, s)
	state, err := folder.Commit(p.kept, p.base, s, state)
	if err != nil {
		return Report{}, err
	}
	if p.plan.Lists != nil {
		if err := archive.WriteLists(p.plan.Dir, p.plan.Lists); err != nil {
			return Report{}, err
		}
	}
	unresolved := s.Unresolved()
	return Report{
		Snapshot: state.Snapshot, Folder: archive.Folder(p.plan.Dir, state.Snapshot), Digest: s.Digest, Unchanged: p.base != nil && state.Snapshot == p.base.ID,
		Watermark: s.Watermark, OwnClock: p.kept.OwnClock, Consistency: s.Consistency, Full: p.kept.Full, WhyFull: why, Resumed: p.kept.Resumed, Rounds: p.round,
		Records: len(s.Records), Types: s.Counts(), Added: len(changes.Added), Changed: len(changes.Changed), Removed: len(changes.Removed), Affected: len(changes.Affected),
		Unresolved: unresolved[:min(len(unresolved), 100)], UnresolvedTotal: len(unresolved), Seconds: math.Round(p.plan.Now().Sub(p.began).Seconds()*100) / 100,
	}, nil
}

// leave keeps the answers for the next pass, unless they are the error's cause.
func (p *pass) leave(err error) error {
	if _, guarded := errors.AsType[*GuardError](err); guarded || errors.Is(err, ErrEndless) {
		return p.kept.Discard()
	}
	return p.kept.Leave()
}

const (
	// mostShrunk is the share of a type's records that may go at once, and fewShrunk how
	// many may always.
	mostShrunk, fewShrunk = 0.2, 10
)

// shrunk stops when a type has lost so much that the source rather than its editors is
// to blame: live pages would go.
func (p *pass) shrunk(s *content.Snapshot) error {
	if p.base == nil || slices.Contains(p.plan.Allow, GuardShrink) {
		return nil
	}
	after := s.Counts()
	for name, had := range p.base.Counts() {
		lost := had - after[name]
		if p.plan.Chosen && !slices.ContainsFunc(p.plan.Types, func(t content.Type) bool { return t.Name == name }) {
			continue // it is not to be in the copy any more
		}
		if lost > fewShrunk && float64(lost) > mostShrunk*float64(had) || after[name] == 0 && had > 1 {
			return &GuardError{GuardShrink, fmt.Sprintf("of %d records of the type %s only %d are left", had, name, after[name])}
		}
	}
	return nil
}
