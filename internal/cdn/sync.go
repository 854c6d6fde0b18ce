package cdn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Report tells what Sync did.
type Report struct {
	CDN      string   `json:"cdn"`
	Release  int64    `json:"release"`
	DryRun   bool     `json:"dry_run,omitempty"`
	Decision Decision `json:"decision"`
	Receipt  Receipt  `json:"receipt"`
	// Resumed tells that an earlier purge, which had not ended, was gone on with.
	Resumed bool `json:"resumed,omitempty"`
	// NeverTold tells that there was nothing to resume, since no CDN was ever told
	// of this destination.
	NeverTold bool    `json:"never_told,omitempty"`
	Seconds   float64 `json:"seconds"`
}

// SyncOptions are for [Sync].
type SyncOptions struct {
	Site      string
	PublicURL string // the site's public address; "" when it is a host's root
	// All purges everything, whatever changed.
	All bool
	// Resume only finishes what was begun: it never begins with a CDN that was not
	// told before, and refuses another one than was (ErrOtherCDN).
	Resume         bool
	CleanURLs      bool
	NotFoundCached bool
	// DryRun only says what would be purged.
	DryRun bool
	Now    func() time.Time // default time.Now
}

// ErrOtherCDN tells that the purge to resume is another CDN's.
var ErrOtherCDN = errors.New("the purge that was begun is another CDN's")

// Sync makes a CDN forget everything that a destination has shown and no longer
// shows since the CDN was last told. How far it was told is kept at the
// destination, and so is what it was told and had not finished, so a retry by any
// process does what is left. A *PendingError means that the site is live and the
// CDN is not told: call Sync again.
func Sync(ctx context.Context, dest store.Destination, purger Purger, o SyncOptions) (Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	began := o.Now()
	s := syncing{dest: dest, purger: purger, o: o, report: Report{CDN: purger.Name(), DryRun: o.DryRun}}
	err := s.run(ctx)
	if !o.DryRun {
		s.report.Seconds = o.Now().Sub(began).Seconds()
	}
	return s.report, err
}

// syncing is one Sync under way.
type syncing struct {
	dest   store.Destination
	purger Purger
	o      SyncOptions
	told   history.Purged
	begun  *Receipt // a purge that has not ended, as far as is noted
	report Report
}

func (s *syncing) run(ctx context.Context) error {
	head, err := history.ReadHead(ctx, s.dest.State, s.o.Site)
	if err != nil {
		return err
	}
	if head.Live == nil {
		return history.NothingAt(s.dest.Site)
	}
	s.report.Release, s.report.Decision = head.Live.Release, Decision{Method: MethodNothing}
	if err := s.read(ctx); err != nil {
		return err
	}
	if s.o.Resume {
		if err := s.ours(ctx); err != nil {
			return err
		}
		if s.begun == nil && s.told.Manifest == 0 {
			s.report.NeverTold = true
			return nil
		}
	}
	if done, err := s.resumeAll(ctx); done || err != nil {
		return err
	}
	decision, err := decide(ctx, s.dest.State, head, s.told, s.purger.Limits(), s.o)
	if err != nil {
		return err
	}
	if !decision.Set.Empty() || !s.report.Resumed {
		s.report.Decision = decision
	}
	if s.o.DryRun {
		return nil
	}
	if !decision.Set.Empty() {
		if err := s.carry(ctx, decision.Set); err != nil {
			return err
		}
	}
	if s.told.Manifest != head.Live.Manifest || s.begun != nil {
		return s.note(ctx, head.Live.Manifest)
	}
	return nil
}

// ours makes sure that what is to be resumed is this CDN's. Each has a note of its
// own; one that has none can only be meant in error while another's purge is open.
func (s *syncing) ours(ctx context.Context) error {
	begun := s.begun
	if begun == nil && s.told.Manifest == 0 {
		others, err := history.AllPurged(ctx, s.dest.State)
		if err != nil {
			return err
		}
		for _, other := range others {
			if other.Begun != nil {
				begun = &Receipt{CDN: other.CDN}
			}
		}
	}
	if begun != nil && begun.CDN != s.purger.Name() {
		return fmt.Errorf("%w: it is %s's, and the CDN that is set up is %s", ErrOtherCDN, begun.CDN, s.purger.Name())
	}
	return nil
}

// resumeAll finishes a purge of everything that a person had asked for, which
// nothing that changed since would tell of.
func (s *syncing) resumeAll(ctx context.Context) (done bool, err error) {
	if s.o.All || s.begun == nil || s.begun.CDN != s.purger.Name() || s.begun.Set.Once == "" {
		return false, nil
	}
	set := s.begun.Set
	s.report.Decision = Decision{Set: set, Method: MethodEverything, Units: set.Units(), USD: s.purger.Limits().Prices.Unit, Missed: -1}
	if s.o.DryRun {
		return true, nil
	}
	if err := s.carry(ctx, set); err != nil {
		return true, err
	}
	return false, s.note(ctx, set.Sequence)
}

// carry purges a set, or goes on where an earlier process ended with the very
// same one.
func (s *syncing) carry(ctx context.Context, set Set) error {
	receipt := Receipt{CDN: s.purger.Name(), Set: set, Left: set}
	if s.begun != nil && s.begun.CDN == receipt.CDN && s.begun.Set.reference(s.begun.Set.items()) == set.reference(set.items()) {
		receipt, s.report.Resumed = *s.begun, true
	} else if err := s.write(ctx, receipt); err != nil {
		return pending(receipt, err)
	}
	receipt, err := Resume(ctx, s.purger, receipt)
	s.report.Receipt = receipt
	if err == nil {
		return nil
	}
	// Whoever ended ctx may want to leave; how far it came is worth a moment.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	return errors.Join(err, s.write(ctx, receipt))
}

// noteTimeout bounds noting how far a purge came that did not end.
const noteTimeout = 10 * time.Second

// read finds out how far the CDN was told, and what it was told and has not
// finished.
func (s *syncing) read(ctx context.Context) (err error) {
	if s.told, err = history.ReadPurged(ctx, s.dest.State, s.purger.Name()); err != nil || s.told.Begun == nil {
		return err
	}
	var begun Receipt
	if err := json.Unmarshal(s.told.Begun, &begun); err != nil {
		return fmt.Errorf("read the purge that was begun: %w", s.told.Bad(s.dest.State, err))
	}
	s.begun = &begun
	return nil
}

// write notes a purge that has not ended.
func (s *syncing) write(ctx context.Context, receipt Receipt) error {
	text, err := json.Marshal(receipt)
	if err != nil {
		return fmt.Errorf("note what is to be purged: %w", err)
	}
	s.told.Begun, s.begun = text, &receipt
	if err := history.WritePurged(ctx, s.dest.State, s.told); err != nil {
		return fmt.Errorf("note what is to be purged: %w", err)
	}
	return nil
}

// note tells that the CDN agrees with a manifest.
func (s *syncing) note(ctx context.Context, manifest int64) error {
	s.told, s.begun = history.Purged{CDN: s.purger.Name(), Manifest: manifest, At: s.o.Now().UTC()}, nil
	if err := history.WritePurged(ctx, s.dest.State, s.told); err != nil {
		// The same purge again does no harm; not knowing of it costs only that.
		return fmt.Errorf("the CDN was told, but that could not be noted: %w", err)
	}
	return nil
}

// decide plans for all that changed since the CDN was told.
func decide(ctx context.Context, state store.Store, head history.Head, told history.Purged, limits Limits, o SyncOptions) (Decision, error) {
	in := Input{
		Site: o.Site, Release: head.Live.Release, Sequence: head.Live.Manifest,
		Base: urlpath.Folder(o.PublicURL), CleanURLs: o.CleanURLs, NotFoundCached: o.NotFoundCached,
	}
	if in.Site == "" {
		in.Site = head.Site
	}
	whole := Decision{
		Set:    Set{Site: in.Site, Release: in.Release, Sequence: in.Sequence, All: true},
		Method: MethodEverything, Units: 1, USD: limits.Prices.Unit, Free: limits.Prices.Free, Missed: -1,
	}
	if o.All {
		// Asked for by a person: never taken for an earlier purge.
		whole.Set.Once = o.Now().UTC().Format(time.RFC3339Nano)
		return whole, nil
	}
	if told.Manifest == head.Live.Manifest {
		return Decision{Method: MethodNothing}, nil
	}
	err := collect(ctx, state, head, told, limits.TagHeader, &in)
	if errors.Is(err, errUnknown) || errors.Is(err, store.ErrNotFound) {
		return whole, nil // what the caches hold can't be known
	}
	if err != nil {
		return Decision{}, err
	}
	return Plan(in, limits), nil
}
