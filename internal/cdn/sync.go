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

// Report is the result of Sync.
type Report struct {
	CDN      string   `json:"cdn"`
	Release  int64    `json:"release"`
	DryRun   bool     `json:"dry_run,omitempty"`
	Decision Decision `json:"decision"`
	Receipt  Receipt  `json:"receipt"`
	// Resumed says that an earlier purge, which had not ended, was resumed.
	Resumed bool `json:"resumed,omitempty"`
	// NeverPurged says that there was nothing to resume: no CDN was ever purged for this
	// destination.
	NeverPurged bool    `json:"never_told,omitempty"`
	Seconds     float64 `json:"seconds"`
}

// SyncOptions are the options of [Sync].
type SyncOptions struct {
	Site      string
	PublicURL string // the site's public address; "" when it is a host's root
	// All purges everything, even if nothing changed.
	All bool
	// Resume only finishes a purge that was begun. It does nothing for a CDN that was never
	// purged. ErrOtherCDN says that the purge was begun at another CDN.
	Resume         bool
	CleanURLs      bool
	NotFoundCached bool
	// DryRun only plans the purge.
	DryRun bool
	Now    func() time.Time // default time.Now
}

// ErrOtherCDN says that the purge to resume was begun at another CDN.
var ErrOtherCDN = errors.New("the purge that was begun is another CDN's")

// Sync purges from a CDN all content of a destination that was replaced since the last
// complete purge. The destination's state keeps the release of that purge, and the
// receipt of an incomplete one, so that a retry by any process does the rest. A
// *PendingError means that the site is live and the purge is not complete: call Sync
// again.
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
	purged history.Purged
	begun  *Receipt // the noted receipt of a purge that has not ended
	report Report
}

func (s *syncing) run(ctx context.Context) error {
	head, err := history.ReadHead(ctx, s.dest.State, s.o.Site)
	if err != nil {
		return err
	}
	if head.Live == nil {
		return history.NeverDeployed(s.dest.Site)
	}
	s.report.Release, s.report.Decision = head.Live.Release, Decision{Method: MethodNothing}
	if err := s.read(ctx); err != nil {
		return err
	}
	if s.o.Resume {
		if err := s.checkCDN(ctx); err != nil {
			return err
		}
		if s.begun == nil && s.purged.Manifest == 0 {
			s.report.NeverPurged = true
			return nil
		}
	}
	if done, err := s.resumeAll(ctx); done || err != nil {
		return err
	}
	decision, err := decide(ctx, s.dest.State, head, s.purged, s.purger.Limits(), s.o)
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
	if s.purged.Manifest != head.Live.Manifest || s.begun != nil {
		return s.note(ctx, head.Live.Manifest)
	}
	return nil
}

// checkCDN makes sure that the purge to resume is this CDN's. Each CDN has a note of its
// own; a CDN without one can only be set up by mistake while another's purge is open.
func (s *syncing) checkCDN(ctx context.Context) error {
	begun := s.begun
	if begun == nil && s.purged.Manifest == 0 {
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

// resumeAll finishes a purge of everything that a person requested: the changes since then
// would not include it.
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

// carry purges a set, or resumes the same set where an earlier process ended.
func (s *syncing) carry(ctx context.Context, set Set) error {
	receipt := Receipt{CDN: s.purger.Name(), Set: set, Left: set}
	if s.begun != nil && s.begun.CDN == receipt.CDN && s.begun.Set.reference(s.begun.Set.items()) == set.reference(set.items()) {
		receipt, s.report.Resumed = *s.begun, true
	} else if err := s.write(ctx, receipt); err != nil {
		return pending(receipt, err)
	}
	receipt, err := resume(ctx, s.purger, receipt)
	s.report.Receipt = receipt
	if err == nil {
		return nil
	}
	// Note the progress even when ctx has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	return errors.Join(err, s.write(ctx, receipt))
}

// noteTimeout bounds the time to note the progress of a purge that did not end.
const noteTimeout = 10 * time.Second

// read reads the release of the last complete purge, and the receipt of an incomplete one.
func (s *syncing) read(ctx context.Context) (err error) {
	if s.purged, err = history.ReadPurged(ctx, s.dest.State, s.purger.Name()); err != nil || s.purged.Begun == nil {
		return err
	}
	var begun Receipt
	if err := json.Unmarshal(s.purged.Begun, &begun); err != nil {
		return fmt.Errorf("read the purge that was begun: %w", s.purged.Unreadable(s.dest.State, err))
	}
	s.begun = &begun
	return nil
}

// write notes a purge that has not ended.
func (s *syncing) write(ctx context.Context, receipt Receipt) error {
	text, err := json.Marshal(receipt)
	if err != nil {
		return fmt.Errorf("note the purge: %w", err)
	}
	s.purged.Begun, s.begun = text, &receipt
	if err := history.WritePurged(ctx, s.dest.State, s.purged); err != nil {
		return fmt.Errorf("note the purge: %w", err)
	}
	return nil
}

// note notes that the CDN holds nothing older than a manifest.
func (s *syncing) note(ctx context.Context, manifest int64) error {
	s.purged, s.begun = history.Purged{CDN: s.purger.Name(), Manifest: manifest, At: s.o.Now().UTC()}, nil
	if err := history.WritePurged(ctx, s.dest.State, s.purged); err != nil {
		// Without the note the next release repeats the purge, which does no harm.
		return fmt.Errorf("the CDN was purged, but the note on that could not be written: %w", err)
	}
	return nil
}

// decide plans the purge for all changes since the last complete one.
func decide(ctx context.Context, state store.Store, head history.Head, last history.Purged, limits Limits, o SyncOptions) (Decision, error) {
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
		// The CDN must not take it for a repetition of an earlier purge.
		whole.Set.Once = o.Now().UTC().Format(time.RFC3339Nano)
		return whole, nil
	}
	if last.Manifest == head.Live.Manifest {
		return Decision{Method: MethodNothing}, nil
	}
	err := collect(ctx, state, head, last, limits.TagHeader, &in)
	if errors.Is(err, errUnknown) || errors.Is(err, store.ErrNotFound) {
		return whole, nil // the caches may hold anything
	}
	if err != nil {
		return Decision{}, err
	}
	return Plan(in, limits), nil
}
