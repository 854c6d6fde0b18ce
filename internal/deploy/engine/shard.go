package engine

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Sharded is a plan whose content many machines send, and one puts in place. What
// a shard sends lies where no visitor looks, under its own hash: a shard may fail,
// run twice or come late, and none of that can tear the site. Only Commit writes
// to the site, under the lease as every deploy does.
type Sharded struct {
	Next   *manifest.Manifest // Result.Next of the dry run
	Parent int64              // Result.Parent of it
	Shards int                // 1 to MaxShards
	// Changed are the paths to write or delete: Result.All of the dry run.
	Changed []plan.Change
}

// MaxShards is the most jobs that a workflow's matrix has (GitHub Docs,
// "Running variations of jobs in a workflow").
const MaxShards = 256

// errNotKept tells of a destination without kept content.
var errNotKept = errors.New("this destination keeps no content, so shards have nowhere to send theirs")

// ShardOf is the shard, counted from 1, that sends a content.
func (s Sharded) ShardOf(sum store.Sum) int {
	return (int(sum[0])<<16|int(sum[1])<<8|int(sum[2]))%s.Shards + 1
}

func (s Sharded) check(dest store.Destination) error {
	switch {
	case dest.KeptPrefix == "":
		return errNotKept
	case s.Next == nil || s.Shards < 1 || s.Shards > MaxShards:
		return fmt.Errorf("the plan has no shards (1 to %d): make it with plan --shards", MaxShards)
	}
	return nil
}

// content is what one shard has to send, each content once.
func (s Sharded) content(shard int) []manifest.Entry {
	var out []manifest.Entry
	known := map[store.Sum]bool{}
	for _, c := range s.Changed {
		e, ok := s.Next.Find(c.Path)
		if ok && !known[e.Sum] && s.ShardOf(e.Sum) == shard {
			known[e.Sum] = true
			out = append(out, e)
		}
	}
	return out
}

// Stage sends one shard's content. The build in opts.Source must be the one that
// the plan was made of. It takes no lease and may be repeated: what is there
// already is not sent again, and nothing is once the plan was committed
// (Result.AlreadyLive). ErrPlanMoved tells that it can't be any more.
func Stage(ctx context.Context, dest store.Destination, s Sharded, shard int, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	if err := s.check(dest); err != nil {
		return deploy.Result{}, err
	}
	if shard < 1 || shard > s.Shards {
		return deploy.Result{}, fmt.Errorf("shard %d: the plan has shards 1 to %d", shard, s.Shards)
	}
	live, ok, err := s.already(ctx, dest, opts.Site)
	if err != nil {
		return deploy.Result{}, err
	}
	if ok {
		return nothingLeft(dest, opts.Site, live), nil
	}
	d := &run{dest: store.Destination{Site: dest.Site, StatePrefix: dest.StatePrefix, KeptPrefix: dest.KeptPrefix, Kept: dest.Kept}, opts: opts, from: newBuild(opts.Source), began: opts.Now()}
	before := dest.Requests()
	err = d.stage(ctx, s, shard)
	d.close()
	d.result.Seconds = opts.Now().Sub(d.began).Seconds()
	d.result.Requests = dest.Requests() - before
	return d.result, err
}

func (d *run) stage(ctx context.Context, s Sharded, shard int) error {
	if err := d.timed("read", func() error { return d.read(ctx) }); err != nil {
		return err
	}
	// The state is not read here: what is known of the release, the plan knows.
	r := &d.result
	r.Release, r.Sequence, r.Parent, r.FirstRelease, r.Changed = s.Next.Release, s.Next.Sequence, s.Parent, s.Parent == 0, []plan.Change{}
	built := make(map[string]manifest.Origin, len(d.tree.Files))
	for _, f := range d.tree.Files {
		built[f.Path] = f.Built()
	}
	content := s.content(shard)
	p := &progress{event: deploy.Event{Phase: "content", Total: len(content)}, began: d.began, writing: d.opts.Now(), opts: &d.opts}
	for _, e := range content {
		if built[e.Path] != e.Built() {
			return fmt.Errorf("%w: %s is not as in the build that was planned: give this job the same build", ErrPlanMoved, e.Path)
		}
		p.event.TotalBytes += e.Size
	}
	p.event.All = deploy.Amount{Total: p.event.Total, TotalBytes: p.event.TotalBytes}
	err := d.timed("content", func() error {
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(d.opts.Concurrency)
		for _, e := range content {
			if groupCtx.Err() != nil {
				break // the group's own error says why
			}
			group.Go(func() error { return d.stageOne(groupCtx, e, p) })
		}
		return errors.Join(group.Wait(), context.Cause(ctx))
	})
	d.result.Uploaded, d.result.UploadedBytes = p.sent, p.event.Bytes
	p.last(err == nil)
	return err
}

func (d *run) stageOne(ctx context.Context, e manifest.Entry, p *progress) error {
	b, ok := d.from.(build)
	if !ok {
		return errors.New("only a build can be staged")
	}
	planned := e.Sum
	body, done, err := b.open(&e)
	if err != nil {
		return err
	}
	defer done()
	if e.Sum != planned {
		return fmt.Errorf("%w: %s was compressed to other bytes than here: use one version of Pressrun for the plan and all its shards", ErrPlanMoved, e.Path)
	}
	there, err := d.stagePut(ctx, store.Put{
		Key: keptKey(d.dest.KeptPrefix, e.Sum), Headers: manifest.StateHeaders, Size: e.Size, Sum: e.Sum, CRC: e.CRC,
		Body: body, If: store.Condition{IfAbsent: true},
	})
	if err != nil {
		return err
	}
	p.add(e.Size, !there)
	return nil
}

// stagePut sends content, unless it is there. What a store says of a write as new
// is not enough: versitygw 1.8 takes the mark of a delete for a file, and another
// try at the same time may yet fail.
func (d *run) stagePut(ctx context.Context, put store.Put) (there bool, err error) {
	_, err = d.dest.Keeper().Put(ctx, put)
	if !errors.Is(err, store.ErrPrecondition) {
		return false, err
	}
	_, err = d.dest.Keeper().Stat(ctx, put.Key)
	if !errors.Is(err, store.ErrNotFound) {
		return err == nil, err
	}
	put.If = store.Condition{} // nothing else is ever written under a content's own hash
	_, err = d.dest.Keeper().Put(ctx, put)
	return false, err
}

// Commit puts a plan in place whose shards have all been sent: by copies inside
// the store, through the same phases, guards and lease as a deploy. It is refused
// when another release has gone live since the plan was made, or when content is
// missing; nothing is written then. One that died is simply run again; after one
// that did not, nothing is done (Result.AlreadyLive).
func Commit(ctx context.Context, dest store.Destination, s Sharded, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	if err := s.check(dest); err != nil {
		return deploy.Result{}, err
	}
	opts.Expect = &Expect{Parent: s.Parent}
	from := &kept{dest: dest, site: opts.Site, manifest: s.Next, missing: func(e manifest.Entry) error {
		return fmt.Errorf("%w: the content of %s was not sent: run shard %d again, then commit", ErrShardMissing, e.Path, s.ShardOf(e.Sum))
	}}
	return s.commitOnce(ctx, dest, opts.Site, func() (deploy.Result, error) {
		return carryOut(ctx, &run{dest: dest, opts: opts, from: from, began: opts.Now()})
	})
}

// ErrShardMissing tells that a plan can't be committed yet.
var ErrShardMissing = errors.New("the plan is not complete")
