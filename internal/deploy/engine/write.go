package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// write carries out one phase. The first failure stops the whole of it.
func (d *run) write(ctx context.Context, phase plan.Phase) error {
	if len(phase.Writes) == 0 {
		return nil
	}
	start := d.opts.Now()
	p := &progress{event: deploy.Event{Phase: phase.Class.String(), Total: len(phase.Writes)}, began: d.began, writing: d.writing, opts: &d.opts}
	p.event.All = d.all
	for _, w := range phase.Writes {
		if w.Sends() {
			p.event.TotalBytes += d.plan.Next.Entries[w.Index].Size
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(d.opts.Concurrency)
	for _, w := range phase.Writes {
		if groupCtx.Err() != nil {
			break // the group's own error says why
		}
		group.Go(func() error { return d.writeOne(groupCtx, w, p) })
	}
	err := errors.Join(group.Wait(), context.Cause(ctx))
	d.result.Phases = append(d.result.Phases, deploy.Timed{
		Name: phase.Class.String(), Seconds: d.opts.Now().Sub(start).Seconds(), Files: p.event.Done, Bytes: p.event.Bytes,
	})
	p.last(err == nil)
	d.all = p.event.All
	d.result.Uploaded += p.sent
	d.result.UploadedBytes += p.event.Bytes
	return err
}

// writeOne sends one file or changes its headers, and notes its new ETag.
func (d *run) writeOne(ctx context.Context, w plan.Write, p *progress) error {
	entry := &d.plan.Next.Entries[w.Index]
	written, sent, err := d.put(ctx, entry, w)
	if errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
		written, sent, err = d.settle(ctx, entry, w)
	}
	if err != nil {
		return err
	}
	d.note(entry, written)
	p.add(entry.Size, sent)
	return nil
}

func (d *run) put(ctx context.Context, entry *manifest.Entry, w plan.Write) (written store.Written, sent bool, err error) {
	if err := d.lease.valid(); err != nil {
		return store.Written{}, false, err
	}
	if !w.Sends() {
		written, err = d.dest.Site.Copy(ctx, store.Copy{Key: entry.Path, From: entry.Path, Headers: entry.Headers, If: w.If, Size: entry.Size})
		return written, false, err
	}
	written, err = d.from.put(ctx, d.dest.Site, entry, w.If)
	return written, d.from.sends(), err
}

// settle finds out why a write's condition failed: an earlier try had succeeded
// and its answer was lost, the file is there already, another deploy took over,
// or somebody changed the file behind our back.
func (d *run) settle(ctx context.Context, entry *manifest.Entry, w plan.Write) (written store.Written, sent bool, err error) {
	info, err := d.dest.Site.Stat(ctx, entry.Path)
	if errors.Is(err, store.ErrNotFound) {
		// Ours, and deleted by someone, or refused for a passing reason: S3 says
		// so when two writes of one key meet (409 ConditionalRequestConflict).
		again := plan.Write{Index: w.Index, Reason: plan.ReasonContent, If: store.Condition{IfAbsent: true}}
		written, sent, err = d.put(ctx, entry, again)
		if !errors.Is(err, store.ErrPrecondition) || !d.deleted(ctx, entry.Path) {
			return written, sent, err
		}
		again.If = store.Condition{}
		return d.put(ctx, entry, again)
	}
	if err != nil {
		return store.Written{}, false, err
	}
	same := info.HasCRC && info.CRC == entry.CRC && info.Size == entry.Size
	if same && (info.Headers == entry.Headers || info.Headers == "") {
		return store.Written{ETag: info.ETag, Version: info.Version}, w.Sends() && d.from.sends(), nil
	}
	if err := d.lease.update(ctx, manifest.Head.Renew); err != nil {
		return store.Written{}, false, err
	}
	if w.If.IfMatch == info.ETag {
		return d.put(ctx, entry, w)
	}
	again := plan.Write{Index: w.Index, Reason: plan.ReasonContent, If: store.Condition{IfMatch: info.ETag}}
	if same {
		again.Reason, again.Resend = plan.ReasonHeaders, true
		return d.put(ctx, entry, again)
	}
	if !d.allows(guard.ForeignFiles) {
		return store.Written{}, false, foreign([]string{entry.Path})
	}
	return d.put(ctx, entry, again)
}

func (d *run) allows(guard string) bool {
	for _, name := range d.opts.Allow {
		if name == guard {
			return true
		}
	}
	return false
}

// progress adds up what a phase has done and tells of it now and then.
type progress struct {
	mu      sync.Mutex
	event   deploy.Event
	sent    int
	told    time.Time
	began   time.Time
	writing time.Time
	opts    *Options
}

const tellEvery = 100 * time.Millisecond

func (p *progress) add(size int64, sent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.event.Done++
	p.event.All.Done++
	if sent {
		p.sent++
		p.event.Bytes += size
		p.event.All.Bytes += size
	}
	if now := p.opts.Now(); now.Sub(p.told) >= tellEvery {
		p.told = now
		p.tell(now)
	}
}

func (p *progress) tell(now time.Time) {
	p.event.Elapsed, p.event.Writing = now.Sub(p.began), now.Sub(p.writing)
	p.opts.Progress(p.event)
}

// last tells of a finished phase, whose end would else go untold.
func (p *progress) last(ok bool) {
	if ok {
		p.tell(p.opts.Now())
	}
}
