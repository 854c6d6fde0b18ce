package cdn

import (
	"context"
	"errors"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// errUnknown tells that the way from what the CDN was told to the live release
// is not recorded.
var errUnknown = errors.New("the releases since the CDN was last told are not all kept")

// collect gathers what changed, release by release. The first and the last alone
// would not do: a page that a release changed and the next one changed back is
// the same in both, while caches may hold what was between.
func collect(ctx context.Context, state store.Store, head history.Head, told history.Purged, tagHeader string, in *Input) error {
	steps := since(head, told.Manifest)
	if steps == nil {
		return errUnknown
	}
	from, err := history.ReadManifest(ctx, state, history.ManifestKey(told.Manifest), head.Site)
	if err != nil {
		return err
	}
	in.Held = objects(from, tagHeader)
	plans, err := history.Plans(ctx, state)
	if err != nil {
		return err
	}
	before := told.Manifest
	for _, step := range steps {
		to, err := history.ReadManifest(ctx, state, history.ManifestKey(step.Manifest), head.Site)
		if err != nil {
			return err
		}
		diffs := plan.Diff(from, to)
		in.Changes = append(in.Changes, changes(diffs, tagHeader)...)
		for _, sequence := range plans {
			if sequence <= before || sequence > step.Sequence {
				continue
			}
			plan, err := history.ReadManifest(ctx, state, history.PlanKey(sequence), head.Site)
			if err != nil {
				return err
			}
			if sequence == step.Sequence {
				in.Changes = append(in.Changes, unlisted(plan, diffs, tagHeader)...)
			} else {
				in.Changes = append(in.Changes, abandoned(plan, to, tagHeader)...)
			}
		}
		from, before = to, step.Sequence
	}
	return nil
}

// since are the releases after a manifest, oldest first, each manifest once; nil
// when the manifest is not among those that the head remembers.
func since(head history.Head, m int64) []manifest.Live {
	var steps []manifest.Live
	for _, r := range head.Releases() {
		if r.Manifest == m {
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
func changes(diffs []plan.Difference, tagHeader string) []Change {
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

// unlisted are changes of a release that two manifests don't show. Files that it
// wrote although they are the same as before: a deploy that died had changed
// them, visitors may have seen that, and under which tags isn't known. And dropped
// assets whose grace time was over.
func unlisted(p *manifest.Manifest, diffs []plan.Difference, tagHeader string) []Change {
	different := make(map[string]bool, len(diffs))
	for _, d := range diffs {
		different[d.Path] = true
	}
	var out []Change
	for _, e := range p.Entries {
		if !different[e.Path] {
			out = append(out, Change{Path: e.Path, Reason: plan.ReasonContent})
		}
	}
	for _, r := range p.Retired {
		if r.Doomed && !different[r.Path] {
			out = append(out, Change{Path: r.Path, Reason: plan.ReasonExpired, Tags: Tags(r.Headers, tagHeader)})
		}
	}
	return out
}

// abandoned are the files that a deploy meant to write which never committed,
// where the release after it has something else: visitors may have seen them.
// What it meant to delete it did not, since deletes come after the commit.
func abandoned(p, to *manifest.Manifest, tagHeader string) []Change {
	var out []Change
	for _, e := range p.Entries {
		c := Change{Path: e.Path, Reason: plan.ReasonContent, Tags: Tags(e.Headers, tagHeader)}
		now, ok := to.Find(e.Path)
		switch {
		case !ok:
			c.Reason = plan.ReasonGone
		case now.Sum == e.Sum && now.Headers == e.Headers:
			continue
		}
		out = append(out, c)
	}
	return out
}

func objects(m *manifest.Manifest, tagHeader string) []Object {
	out := make([]Object, len(m.Entries))
	for i, e := range m.Entries {
		out[i] = Object{Path: e.Path, Tags: Tags(e.Headers, tagHeader)}
	}
	return out
}
