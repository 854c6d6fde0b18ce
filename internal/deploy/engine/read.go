package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// state is the recorded state of the destination.
type state struct {
	head  history.Head
	known plan.Known
}

// previous is the live release's manifest; nil before the first release.
func (s *state) previous() *manifest.Manifest {
	if s.head.Live == nil {
		return nil
	}
	return &s.known.Live
}

// read is a deploy with the build and the destination's state.
type read struct {
	*deployment
	state
	tree  manifest.Tree // as it was built
	rules rules.Rules   // of the options and of the build
}

// read scans the build while the destination's state is fetched.
func (d *deployment) read(ctx context.Context) (*read, error) {
	r := &read{deployment: d, rules: d.opts.Rules}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		r.tree, err = d.from.Read(ctx)
		return err
	})
	if d.dest.State != nil {
		group.Go(func() (err error) {
			r.state, err = d.readState(ctx)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := r.readRuleFiles(); err != nil {
		return nil, err
	}
	r.refuseLongNames()
	out := &d.result
	out.Site, out.Commit, out.DryRun = d.opts.Site, d.opts.Commit, d.opts.DryRun
	out.Files, out.Pages, out.Bytes = len(r.tree.Files), r.tree.Pages(), r.tree.Bytes()
	if d.dest.Site != nil {
		out.Destination = d.dest.Site.String()
	}
	return r, nil
}

// reread reads the state again, which another deploy has changed.
func (r *read) reread(ctx context.Context) (*read, error) {
	s, err := r.readState(ctx)
	if err != nil {
		return nil, err
	}
	return &read{deployment: r.deployment, state: s, tree: r.tree, rules: r.rules}, nil
}

// readState fetches the head, the live manifest, and the plans of unfinished deploys.
func (d *deployment) readState(ctx context.Context) (state, error) {
	head, err := history.ReadHead(ctx, d.dest.State, d.opts.Site)
	if err != nil {
		return state{}, err
	}
	known := plan.Known{Swept: true}
	if head.Live != nil {
		m, err := history.ReadManifest(ctx, d.dest.State, history.ManifestKey(head.Live.Manifest), d.opts.Site)
		if errors.Is(err, store.ErrNotFound) {
			return state{}, fmt.Errorf("the manifest of the live release, %s/%s, is missing: %s",
				d.dest.State, history.ManifestKey(head.Live.Manifest), history.Repair(d.dest.State))
		}
		if err != nil {
			return state{}, err
		}
		known.Live, known.Swept = *m, head.Live.Swept
	}
	for _, sequence := range head.Pending {
		m, err := history.ReadManifest(ctx, d.dest.State, history.PlanKey(sequence), d.opts.Site)
		if errors.Is(err, store.ErrNotFound) {
			continue // it died before its first write
		}
		if err != nil {
			return state{}, err
		}
		known.AddPending(m)
	}
	d.result.FirstRelease, d.result.PreviousPages = head.Live == nil, known.Live.Pages()
	return state{head, known}, nil
}

// refuseLongNames moves files to Refused whose keys, with the store's prefix, are too long.
func (r *read) refuseLongNames() {
	bounded, ok := r.dest.Site.(interface{ LongestPath() int })
	if !ok {
		return
	}
	longest := bounded.LongestPath()
	r.tree.Files = slices.DeleteFunc(r.tree.Files, func(f manifest.File) bool {
		if len(f.Path) <= longest {
			return false
		}
		r.tree.Refused = append(r.tree.Refused, manifest.Refused{
			Path: f.Path, Reason: fmt.Sprintf("with %s before it its path is longer than S3 takes, by %d bytes", r.dest.Site, len(f.Path)-longest),
		})
		return true
	})
}
