package cdn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

// Purger is one CDN. Purge returns when the CDN has taken the whole of it, and
// may be called again with the same purge after a failure.
type Purger interface {
	// String names the CDN for people: "cloudfront E123".
	String() string
	Abilities() Abilities
	Purge(ctx context.Context, p Purge) (Receipt, error)
	// Wait returns when no cache serves what was purged any more.
	Wait(ctx context.Context, r Receipt) error
}

// Receipt is how a CDN names purges that it carries out. Empty when it is done
// with them as it answers.
type Receipt []string

// Report tells what Sync did.
type Report struct {
	CDN     string  `json:"cdn"`
	Release int64   `json:"release"`
	Purge   Purge   `json:"purge"`
	Units   int     `json:"units"` // billed invalidation units
	Changed int     `json:"changed"`
	Seconds float64 `json:"seconds"`
}

// PendingError tells that a release is live at the origin while the CDN may still
// serve what it replaced. Syncing again finishes it.
type PendingError struct {
	CDN string
	Err error
}

// Error says what to do.
func (e *PendingError) Error() string {
	return fmt.Sprintf("the release is live at the origin, but %s may still serve the old one: %v (pressrun invalidate finishes it)", e.CDN, e.Err)
}

// Unwrap gives the cause.
func (e *PendingError) Unwrap() error { return e.Err }

// Options for Sync.
type Options struct {
	Site string
	All  bool // purge everything, whatever changed
	// DryRun only says what would be purged.
	DryRun bool
	Now    func() time.Time // default time.Now
}

// Sync makes a CDN forget everything that the live release at a destination has
// changed since it was last told. A *PendingError means that the site is live
// and the CDN is not; call Sync again.
func Sync(ctx context.Context, dest deploy.Destination, purger Purger, o Options) (Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	began := o.Now()
	report := Report{CDN: purger.String()}
	head, err := history.ReadHead(ctx, dest.State, o.Site)
	if err != nil {
		return report, err
	}
	if head.Live == nil {
		return report, fmt.Errorf("nothing was deployed to %s yet: %w", dest.Site, history.ErrNoRelease)
	}
	report.Release = head.Live.Release
	p, changed, err := decide(ctx, dest.State, head, purger.Abilities(), o)
	if err != nil {
		return report, err
	}
	report.Purge, report.Units, report.Changed = p, p.Units(), changed
	if o.DryRun {
		return report, nil
	}
	if !p.Empty() {
		if err := carryOut(ctx, purger, p); err != nil {
			return report, &PendingError{CDN: purger.String(), Err: err}
		}
	}
	err = history.WritePurged(ctx, dest.State, history.Purged{Manifest: head.Live.Manifest, At: o.Now().UTC()})
	report.Seconds = o.Now().Sub(began).Seconds()
	return report, err
}

func carryOut(ctx context.Context, purger Purger, p Purge) error {
	receipt, err := purger.Purge(ctx, p)
	if err != nil {
		return err
	}
	return purger.Wait(ctx, receipt)
}

// decide compares the live release with what the CDN was last told of.
func decide(ctx context.Context, state deploy.Store, head history.Head, can Abilities, o Options) (Purge, int, error) {
	live, err := history.ReadManifest(ctx, state, history.ManifestKey(head.Live.Manifest), o.Site)
	if err != nil {
		return Purge{}, 0, err
	}
	told, err := history.ReadPurged(ctx, state)
	if err != nil {
		return Purge{}, 0, err
	}
	if told.Manifest == head.Live.Manifest && !o.All {
		return Purge{}, 0, nil
	}
	var p Purge
	changed := len(live.Entries)
	previous, err := history.ReadManifest(ctx, state, history.ManifestKey(told.Manifest), o.Site)
	switch {
	case o.All || told.Manifest == 0 || errors.Is(err, deploy.ErrNotFound):
		// Whatever the caches hold is unknown.
		p = Purge{All: true}
	case err != nil:
		return Purge{}, 0, err
	default:
		diffs := deploy.Diff(previous, live)
		changed = len(diffs)
		p = Choose(diffs, previous, can)
	}
	if o.All {
		// Asked for by a person: never taken for an earlier purge.
		p.ID = identify(head, p, o.Now().UTC().Format(time.RFC3339Nano))
	} else {
		p.ID = identify(head, p, "")
	}
	return p, changed, nil
}

// identify names a purge by release and content: a retry has the same name, and
// another purge of the same release another one.
func identify(head history.Head, p Purge, salt string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%v|%s|%s|%s|%s", p.All, strings.Join(p.Tags, " "),
		strings.Join(p.Paths, " "), strings.Join(p.Prefixes, " "), salt))
	return fmt.Sprintf("pressrun-%s-%d-%s", head.Site, head.Live.Manifest, hex.EncodeToString(sum[:6]))
}
