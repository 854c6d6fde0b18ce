package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// writer carries out the phases of a plan.
type writer struct {
	*deployment
	lease     *lease.Lease
	versioned bool // as in leased
	// looksFirst says that the store has no conditional deletes: stat before each.
	looksFirst bool
	plan       *plan.Plan
	all        deploy.Amount // progress of all phases
	writing    time.Time     // when the first of them began
}

// write carries out all phases.
func (l *leased) write(ctx context.Context) error {
	w := &writer{
		deployment: l.deployment, lease: l.lease, versioned: l.versioned, looksFirst: l.work.capabilities.AnyMissing(store.MissingDeleteIfMatch),
		plan: &l.work.plan, writing: l.now(),
	}
	w.all.Total, w.all.TotalBytes = w.plan.Writes()
	if !l.from.Sends() {
		w.all.TotalBytes = 0
	}
	for _, phase := range w.plan.Phases {
		if err := w.removeBlocking(ctx, phase); err != nil {
			return err
		}
		if err := w.writePhase(ctx, phase); err != nil {
			return err
		}
	}
	return nil
}

// writePhase carries out the writes of one phase. The first failure stops it.
func (w *writer) writePhase(ctx context.Context, phase plan.Phase) error {
	if len(phase.Writes) == 0 {
		return nil
	}
	start := w.now()
	p := &progress{report: w.report, event: deploy.Event{Phase: phase.Class.String(), Total: len(phase.Writes), All: w.all}, writing: w.writing}
	for _, one := range phase.Writes {
		if one.Sends() {
			p.event.TotalBytes += w.plan.Next.Entries[one.Index].Size
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(w.opts.Concurrency)
	for _, one := range phase.Writes {
		if groupCtx.Err() != nil {
			break // the group's own error says why
		}
		group.Go(func() error { return w.writeOne(groupCtx, one, p) })
	}
	err := errors.Join(group.Wait(), context.Cause(ctx))
	w.phase(phase.Class.String(), start, p.event.Done, p.event.Bytes)
	p.last(err == nil)
	w.all = p.event.All
	w.result.Uploaded += p.sent
	w.result.UploadedBytes += p.event.Bytes
	return err
}

// writeOne sends one file or changes its headers, and notes its new ETag.
func (w *writer) writeOne(ctx context.Context, one plan.Write, p *progress) error {
	entry := &w.plan.Next.Entries[one.Index]
	written, sent, err := w.put(ctx, entry, one)
	if errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
		written, sent, err = w.resolveConflict(ctx, entry, one)
	}
	if err != nil {
		return err
	}
	w.stored(entry, written)
	p.add(entry.Size, sent)
	return nil
}

func (w *writer) put(ctx context.Context, entry *manifest.Entry, one plan.Write) (written store.Written, sent bool, err error) {
	if err := w.lease.Valid(); err != nil {
		return store.Written{}, false, err
	}
	if !one.Sends() {
		written, err = w.dest.Site.Copy(ctx, store.Copy{Key: entry.Path, From: entry.Path, Headers: entry.Headers, If: one.If, Size: entry.Size})
		return written, false, err
	}
	written, err = w.from.Put(ctx, w.dest.Site, entry, one.If)
	return written, w.from.Sends(), err
}

// resolveConflict finds out why a write's condition failed: an earlier try succeeded and
// its answer was lost, the file exists already, another deploy took over, or somebody else
// changed the file.
func (w *writer) resolveConflict(ctx context.Context, entry *manifest.Entry, one plan.Write) (written store.Written, sent bool, err error) {
	info, err := w.dest.Site.Stat(ctx, entry.Path)
	if errors.Is(err, store.ErrNotFound) {
		// Somebody else deleted the file, or the conflict is transient: S3 refuses one of
		// two simultaneous writes of a key (409 ConditionalRequestConflict).
		again := plan.Write{Index: one.Index, Reason: plan.ReasonContent, If: store.Condition{IfAbsent: true}}
		written, sent, err = w.put(ctx, entry, again)
		if !errors.Is(err, store.ErrPrecondition) || !w.deleted(ctx, entry.Path) {
			return written, sent, err
		}
		again.If = store.Condition{}
		return w.put(ctx, entry, again)
	}
	if err != nil {
		return store.Written{}, false, err
	}
	same := info.HasCRC && info.CRC == entry.CRC && info.Size == entry.Size
	if same && (info.Headers == entry.Headers || info.Headers == "") {
		return store.Written{ETag: info.ETag, Version: info.Version}, one.Sends() && w.from.Sends(), nil
	}
	if err := w.lease.Update(ctx, manifest.Head.Renew); err != nil {
		return store.Written{}, false, err
	}
	if one.If.IfMatch == info.ETag {
		return w.put(ctx, entry, one)
	}
	again := plan.Write{Index: one.Index, Reason: plan.ReasonContent, If: store.Condition{IfMatch: info.ETag}}
	if same {
		again.Reason, again.Resend = plan.ReasonHeaders, true
		return w.put(ctx, entry, again)
	}
	if !slices.Contains(w.opts.Allow, guard.ForeignFiles) {
		return store.Written{}, false, foreign([]string{entry.Path})
	}
	return w.put(ctx, entry, again)
}

// deleted says whether a key has only a delete marker, which versitygw 1.8 takes for a file
// in a conditional write.
func (w *writer) deleted(ctx context.Context, path string) bool {
	_, err := w.dest.Site.Get(ctx, path)
	return errors.Is(err, store.ErrDeleted)
}

// stored records the ETag and version of a written file.
func (w *writer) stored(entry *manifest.Entry, written store.Written) {
	entry.ETag = written.ETag
	// "null" is what S3 calls the version that the next write replaces.
	if w.versioned && written.Version != "null" {
		entry.Version = written.Version
	}
}
