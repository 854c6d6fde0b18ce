package cdn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

// Report tells what Sync did.
type Report struct {
	CDN      string   `json:"cdn"`
	Release  int64    `json:"release"`
	DryRun   bool     `json:"dry_run,omitempty"`
	Decision Decision `json:"decision"`
	Receipt  Receipt  `json:"receipt"`
	Seconds  float64  `json:"seconds"`
}

// SyncOptions are for [Sync].
type SyncOptions struct {
	Site      string
	PublicURL string // the site's public address; "" when it is a host's root
	// All purges everything, whatever changed.
	All            bool
	CleanURLs      bool
	NotFoundCached bool
	// DryRun only says what would be purged.
	DryRun bool
	Now    func() time.Time // default time.Now
}

// Sync makes a CDN forget everything that a destination has shown and no longer
// shows since the CDN was last told. How far it was told is kept at the
// destination, so a retry by any process does what is left. A *PendingError
// means that the site is live and the CDN is not told: call Sync again.
func Sync(ctx context.Context, dest deploy.Destination, purger Purger, o SyncOptions) (Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	began := o.Now()
	report := Report{CDN: purger.Name(), DryRun: o.DryRun}
	head, err := history.ReadHead(ctx, dest.State, o.Site)
	if err != nil {
		return report, err
	}
	if head.Live == nil {
		return report, fmt.Errorf("nothing was deployed to %s yet: %w", dest.Site, history.ErrNoRelease)
	}
	report.Release = head.Live.Release
	told, err := history.ReadPurged(ctx, dest.State)
	if err != nil {
		return report, err
	}
	report.Decision, err = decide(ctx, dest.State, head, told, purger.Limits(), o)
	if err != nil || o.DryRun {
		return report, err
	}
	if !report.Decision.Set.Empty() {
		report.Receipt, err = Carry(ctx, purger, report.Decision.Set)
		report.Seconds = o.Now().Sub(began).Seconds()
		if err != nil {
			return report, err
		}
	}
	if told.Manifest != head.Live.Manifest {
		err = history.WritePurged(ctx, dest.State, history.Purged{Manifest: head.Live.Manifest, At: o.Now().UTC()})
		if err != nil {
			// The same purge again does no harm; not knowing of it costs only that.
			return report, fmt.Errorf("the CDN was told, but that could not be noted: %w", err)
		}
	}
	report.Seconds = o.Now().Sub(began).Seconds()
	return report, nil
}

// decide plans for all that changed since the CDN was told.
func decide(ctx context.Context, state deploy.Store, head history.Head, told history.Purged, limits Limits, o SyncOptions) (Decision, error) {
	in := Input{
		Site: o.Site, Release: head.Live.Release, Sequence: head.Live.Manifest,
		Base: basePath(o.PublicURL), CleanURLs: o.CleanURLs, NotFoundCached: o.NotFoundCached,
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
	if errors.Is(err, errUnknown) || errors.Is(err, deploy.ErrNotFound) {
		return whole, nil // what the caches hold can't be known
	}
	if err != nil {
		return Decision{}, err
	}
	return Plan(in, limits), nil
}
