package lease

import (
	"context"
	"errors"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

const (
	// DefaultTTL is how long a dead owner blocks others.
	DefaultTTL = time.Minute
	// DefaultWait is how long to wait for a lease that somebody else holds.
	DefaultWait = 2 * time.Minute
	// PollInterval is the pause between two reads of the head while waiting.
	PollInterval = time.Second
)

// Options of a lease.
type Options struct {
	Site  string // that the destination holds
	Owner string // unique
	TTL   time.Duration
	Wait  time.Duration // for somebody else's lease
}

// Acquire takes the lease, for work that needs no plan. A *manifest.LockedError says that
// somebody else held it for all of Options.Wait.
func Acquire(ctx context.Context, state store.Store, c Options) (*Lease, error) {
	for deadline := time.Now().Add(c.Wait); ; {
		held, err := try(ctx, state, c)
		_, locked := errors.AsType[*manifest.LockedError](err)
		moved := errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound)
		if !locked && !moved || !time.Now().Before(deadline) {
			return held, err
		}
		select {
		case <-time.After(min(PollInterval, time.Until(deadline))):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func try(ctx context.Context, state store.Store, c Options) (*Lease, error) {
	found, err := history.ReadHead(ctx, state, c.Site)
	if err != nil {
		return nil, err
	}
	head, err := found.Acquire(c.Owner, c.Site, found.Age, c.TTL)
	if err != nil {
		return nil, err
	}
	return Take(ctx, state, head, found.ETag, c.TTL)
}

// Drop ends the lease by deleting the head: the destination is as if nothing had ever been
// deployed there. It deletes nothing once somebody else may hold the lease.
func (l *Lease) Drop(ctx context.Context) error {
	lost := context.Cause(l.ctx)
	l.cancel(nil)
	<-l.done
	defer l.expiry.Stop()
	if errors.Is(lost, manifest.ErrLeaseLost) {
		return lost
	}
	if err := l.Valid(); err != nil {
		return err
	}
	head := l.Head()
	err := l.drop(ctx, l.tag())
	if !errors.Is(err, store.ErrPrecondition) {
		return err
	}
	// A renewal by this lease may have arrived although no answer came.
	found, err := history.ReadHead(ctx, l.state, head.Site)
	if err != nil {
		return err
	}
	if !sameLease(found.Lease, head.Lease) {
		return errTakenOver
	}
	return l.drop(ctx, found.ETag)
}

func (l *Lease) drop(ctx context.Context, etag string) error {
	return errors.Join(l.state.Delete(ctx, []store.Deletion{{Key: history.HeadKey, ETag: etag}})...)
}

// tag is the ETag of the head as this lease last wrote it.
func (l *Lease) tag() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.etag
}
