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

// errUnknown says that the head does not have all releases since the last purge.
var errUnknown = errors.New("the releases since the last purge are not all kept")

// collect gathers the changes release by release. Comparing only the first and the last
// would miss a page that one release changed and a later one changed back: caches may
// hold the version in between.
func collect(ctx context.Context, state store.Store, head history.Head, last history.Purged, tagHeader string, in *Input) error {
	steps := releasesSince(head, last.Manifest)
	if steps == nil {
		return errUnknown
	}
	from, err := history.ReadManifest(ctx, state, history.ManifestKey(last.Manifest), head.Site)
	if err != nil {
		return err
	}
	in.Held = objects(from, tagHeader)
	plans, err := history.Plans(ctx, state)
	if err != nil {
		return err
	}
	before := last.Manifest
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

// releasesSince lists the releases after a manifest, oldest first, each manifest once; nil
// if the head does not list the manifest.
func releasesSince(head history.Head, m int64) []manifest.Live {
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

// changes adds to differences the tags of the old version, under which caches may hold it.
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

// unlisted are changes of a release that the difference of its manifest to the one before
// does not show: files that it wrote again since a deploy that died had changed them, which
// caches may hold under unknown tags, and dropped assets whose grace time was over.
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

// abandoned are the files that an uncommitted deploy may have written and of which the
// release after it has other content: caches may hold them. Its deletes don't count, since
// they come after the commit.
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
