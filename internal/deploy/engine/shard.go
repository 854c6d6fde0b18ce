package engine

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Sharded is a plan whose content many machines send to the kept content, by hash, and one
// puts in place. A shard may fail, run twice or come late without harm to the site: only
// Commit writes to that, under the lease as every deploy does.
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

// errNotKept says that a destination keeps no content.
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

// content are the entries that one shard has to send, each content once.
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

// Stage sends one shard's content. The build in opts.Source must be that of the plan. It
// takes no lease and may be repeated: it sends no content twice, and nothing once the plan
// was committed (Result.AlreadyLive). ErrPlanMoved says that the plan can't be committed
// any more.
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
	live, ok, err := s.isLive(ctx, dest, opts.Site)
	if err != nil {
		return deploy.Result{}, err
	}
	if ok {
		return alreadyLive(dest, opts.Site, live), nil
	}
	stateless := dest
	stateless.State = nil // the plan was made from it
	b := content.NewBuild(opts.Source)
	sender := &shardSender{newDeployment(stateless, opts, b), b}
	before := dest.Requests()
	err = sender.send(ctx, s, shard)
	sender.close()
	sender.end(dest.Requests() - before)
	return sender.result, err
}

// shardSender sends one shard's content.
type shardSender struct {
	*deployment
	from *content.Build
}

func (s *shardSender) send(ctx context.Context, of Sharded, shard int) error {
	r, err := timed(s.report, "read", func() (*read, error) { return s.read(ctx) })
	if err != nil {
		return err
	}
	out := &s.result
	out.Release, out.Sequence, out.Parent, out.FirstRelease = of.Next.Release, of.Next.Sequence, of.Parent, of.Parent == 0
	out.Changed = []plan.Change{}
	built := make(map[string]manifest.Origin, len(r.tree.Files))
	for _, f := range r.tree.Files {
		built[f.Path] = f.Built()
	}
	entries := of.content(shard)
	p := &progress{report: s.report, event: deploy.Event{Phase: "content", Total: len(entries)}, writing: s.now()}
	for _, e := range entries {
		if built[e.Path] != e.Built() {
			return fmt.Errorf("%w: %s is not as in the build that was planned: give this job the same build", ErrPlanMoved, e.Path)
		}
		p.event.TotalBytes += e.Size
	}
	p.event.All = deploy.Amount{Total: p.event.Total, TotalBytes: p.event.TotalBytes}
	err = s.timed("content", func() error { return s.sendAll(ctx, entries, p) })
	out.Uploaded, out.UploadedBytes = p.sent, p.event.Bytes
	p.last(err == nil)
	return err
}

func (s *shardSender) sendAll(ctx context.Context, entries []manifest.Entry, p *progress) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(s.opts.Concurrency)
	for _, e := range entries {
		if groupCtx.Err() != nil {
			break // the group's own error says why
		}
		group.Go(func() error { return s.sendOne(groupCtx, e, p) })
	}
	return errors.Join(group.Wait(), context.Cause(ctx))
}

func (s *shardSender) sendOne(ctx context.Context, e manifest.Entry, p *progress) error {
	planned := e.Sum
	body, done, err := s.from.Open(&e)
	if err != nil {
		return err
	}
	defer done()
	if e.Sum != planned {
		return fmt.Errorf("%w: %s was compressed to other bytes than here: use one version of Pressrun for the plan and all its shards", ErrPlanMoved, e.Path)
	}
	there, err := s.put(ctx, store.Put{
		Key: content.KeptKey(s.dest.KeptPrefix, e.Sum), Headers: manifest.StateHeaders, Size: e.Size, Sum: e.Sum, CRC: e.CRC,
		Body: body, If: store.Condition{IfAbsent: true},
	})
	if err != nil {
		return err
	}
	p.add(e.Size, !there)
	return nil
}

// put sends content, unless it exists. A failed condition is no proof that it does:
// versitygw 1.8 takes a delete marker for a file, and a write at the same time may fail.
func (s *shardSender) put(ctx context.Context, put store.Put) (there bool, err error) {
	_, err = s.dest.KeptStore().Put(ctx, put)
	if !errors.Is(err, store.ErrPrecondition) {
		return false, err
	}
	_, err = s.dest.KeptStore().Stat(ctx, put.Key)
	if !errors.Is(err, store.ErrNotFound) {
		return err == nil, err
	}
	put.If = store.Condition{} // nothing else is ever written under a content's own hash
	_, err = s.dest.KeptStore().Put(ctx, put)
	return false, err
}

// Commit puts a plan in place whose shards have all been sent, by copies inside the store,
// through the same phases, guards and lease as a deploy. ErrPlanMoved or ErrShardMissing
// come before the first write. It may be repeated: after a complete one it does nothing
// (Result.AlreadyLive).
func Commit(ctx context.Context, dest store.Destination, s Sharded, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	if err := s.check(dest); err != nil {
		return deploy.Result{}, err
	}
	opts.Expected = &ExpectedPlan{Parent: s.Parent}
	from := content.NewStaged(dest, opts.Site, s.Next, func(e manifest.Entry) error {
		return fmt.Errorf("%w: the content of %s was not sent: run shard %d again, then commit", ErrShardMissing, e.Path, s.ShardOf(e.Sum))
	})
	return s.commitOnce(ctx, dest, opts.Site, func() (deploy.Result, error) {
		return newDeployment(dest, opts, from).carryOut(ctx)
	})
}

// ErrShardMissing says that content of a plan was not sent yet.
var ErrShardMissing = errors.New("the plan is not complete")

// isLive says whether the plan's release is live. ErrPlanMoved says that another one has
// gone live since the plan was made.
func (s Sharded) isLive(ctx context.Context, dest store.Destination, site string) (live manifest.Live, ok bool, err error) {
	head, err := history.ReadHead(ctx, dest.State, site)
	if err != nil {
		return live, false, err
	}
	if head.Live == nil {
		head.Live = &manifest.Live{}
	}
	if head.Live.Sequence >= s.Next.Sequence && head.Live.Release == s.Next.Release {
		m, err := history.ReadManifest(ctx, dest.State, history.ManifestKey(head.Live.Manifest), site)
		if err != nil {
			return live, false, fmt.Errorf("read the live release: %w", err)
		}
		if len(plan.Diff(m, s.Next)) == 0 {
			return *head.Live, true, nil
		}
	}
	if head.Live.Manifest != s.Parent {
		return live, false, (&ExpectedPlan{Parent: s.Parent}).stillHolds(head.Live.Manifest, "")
	}
	return live, false, nil
}

// alreadyLive is the result when the release was live before.
func alreadyLive(dest store.Destination, site string, live manifest.Live) deploy.Result {
	r := deploy.Result{
		Destination: dest.Site.String(), Site: site, Release: live.Release, Sequence: live.Sequence, Commit: live.Commit,
		Files: live.Files, Pages: live.Pages, Bytes: live.Bytes, PreviousPages: live.Pages, Live: true, AlreadyLive: true,
		Changed: []plan.Change{}, Phases: []deploy.PhaseTime{},
	}
	r.Counts.Unchanged = live.Files
	if !live.Swept {
		r.Warnings = append(r.Warnings, "the files that the release dropped are not all deleted yet: the next deploy deletes them")
	}
	return r
}

// commitOnce commits a plan, unless an earlier or a simultaneous try has done that.
func (s Sharded) commitOnce(ctx context.Context, dest store.Destination, site string, commit func() (deploy.Result, error)) (deploy.Result, error) {
	live, ok, err := s.isLive(ctx, dest, site)
	if err != nil {
		return deploy.Result{}, err
	}
	if ok {
		return alreadyLive(dest, site, live), nil
	}
	result, err := commit()
	if errors.Is(err, ErrPlanMoved) {
		if live, ok, _ := s.isLive(ctx, dest, site); ok {
			return alreadyLive(dest, site, live), nil
		}
	}
	return result, err
}
