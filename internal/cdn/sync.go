package cdn

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// errUnknown tells that the way from what the CDN was told to the live release
// is not recorded.
var errUnknown = errors.New("the releases since the CDN was last told are not all kept")

// collect gathers what changed, release by release. The first and the last alone
// would not do: a page that a release changed and the next one changed back is
// the same in both, while caches may hold what was between.
func collect(ctx context.Context, state deploy.Store, head history.Head, told history.Purged, tagHeader string, in *Input) error {
	steps := since(head, told.Manifest)
	if steps == nil {
		return errUnknown
	}
	from, err := history.ReadManifest(ctx, state, history.ManifestKey(told.Manifest), head.Site)
	if err != nil {
		return err
	}
	in.Held = objects(from, tagHeader)
	for _, step := range steps {
		to, err := history.ReadManifest(ctx, state, history.ManifestKey(step.Manifest), head.Site)
		if err != nil {
			return err
		}
		diffs := deploy.Diff(from, to)
		in.Changes = append(in.Changes, changes(diffs, tagHeader)...)
		more, err := unlisted(ctx, state, step, head.Site, tagHeader, diffs)
		if err != nil {
			return err
		}
		in.Changes = append(in.Changes, more...)
		from = to
	}
	return nil
}

// since are the releases after a manifest, oldest first, each manifest once; nil
// when the manifest is not among those that the head remembers.
func since(head history.Head, manifest int64) []deploy.Live {
	var steps []deploy.Live
	for _, r := range head.Releases() {
		if r.Manifest == manifest {
			slices.Reverse(steps)
			return steps
		}
		if n := len(steps); n > 0 && steps[n-1].Manifest == r.Manifest {
			steps[n-1] = r // the deploy that wrote it, not one that found it unchanged
			continue
		}
		steps = append(steps, r)
	}
	return nil
}

// changes are differences with the tags that caches may hold the old one under.
func changes(diffs []deploy.Difference, tagHeader string) []Change {
	out := make([]Change, 0, len(diffs))
	for _, d := range diffs {
		c := Change{Path: d.Path, Reason: d.Reason}
		if d.Old != nil {
			c.Tags = Tags(d.Old.Headers, tagHeader)
		}
		out = append(out, c)
	}
	return out
}

// unlisted are changes that two manifests don't show. Files that a release wrote
// although they are the same as before: a deploy that died had changed them,
// visitors may have seen that, and under which tags isn't known. And dropped
// assets whose grace time was over.
func unlisted(ctx context.Context, state deploy.Store, step deploy.Live, site, tagHeader string, diffs []deploy.Difference) ([]Change, error) {
	plan, err := history.ReadManifest(ctx, state, history.PlanKey(step.Sequence), site)
	if errors.Is(err, deploy.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	different := make(map[string]bool, len(diffs))
	for _, d := range diffs {
		different[d.Path] = true
	}
	var out []Change
	for _, e := range plan.Entries {
		if !different[e.Path] {
			out = append(out, Change{Path: e.Path, Reason: deploy.ReasonContent})
		}
	}
	for _, r := range plan.Retired {
		if r.Doomed && !different[r.Path] {
			out = append(out, Change{Path: r.Path, Reason: deploy.ReasonExpired, Tags: Tags(r.Headers, tagHeader)})
		}
	}
	return out, nil
}

func objects(m *deploy.Manifest, tagHeader string) []Object {
	out := make([]Object, len(m.Entries))
	for i, e := range m.Entries {
		out[i] = Object{Path: e.Path, Tags: Tags(e.Headers, tagHeader)}
	}
	return out
}
