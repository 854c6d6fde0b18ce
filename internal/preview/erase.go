package preview

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Timeouts bound how builds and removals of one preview wait for each other.
type Timeouts struct {
	// Lease is how long a dead process blocks others; 0 for the default of deploys.
	Lease time.Duration
	// Wait is how long a removal waits for a running build; 0 for the default.
	Wait time.Duration
}

// erase deletes all files and state of a preview, except its record, under the lease that
// its builds take too, so that a slow build never writes to a preview that was made anew.
// may is called under the lease. It may be repeated.
func (p *Place) erase(ctx context.Context, name string, may func(context.Context) error) error {
	if !IsName(name) {
		return fmt.Errorf("%q is no preview's name", name)
	}
	there, err := p.exists(ctx, name)
	if err != nil || !there {
		return err
	}
	dest, err := p.Destination(ctx, name)
	if err != nil {
		return err
	}
	held, err := p.lease(ctx, dest, name)
	if err != nil {
		return err
	}
	under := held.Context()
	fresh := held.Head().Live == nil && held.Head().Fence == 1 // nothing was ever deployed here
	err = may(under)
	if err == nil {
		err = p.clear(under, held, dest, name)
	}
	if err != nil && !fresh {
		return errors.Join(err, held.Release(ctx, false, true))
	}
	return errors.Join(err, held.Drop(ctx), p.removeHome(dest))
}

// lease takes the lease of a preview. A head that can't be read needs no lease, since no
// deploy can replace it.
func (p *Place) lease(ctx context.Context, dest store.Destination, name string) (*lease.Lease, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	claim := lease.Options{
		Site: siteOf(name), Owner: fmt.Sprintf("its removal, on %s, process %d #%s", host, os.Getpid(), rand.Text()[:8]),
		TTL: cmp.Or(p.Timeouts.Lease, lease.DefaultTTL), Wait: cmp.Or(p.Timeouts.Wait, lease.DefaultWait),
	}
	held, err := lease.Acquire(ctx, dest.State, claim)
	if errors.Is(err, manifest.ErrCorrupt) {
		if err := errors.Join(dest.State.Delete(ctx, []store.Deletion{{Key: history.HeadKey}})...); err != nil {
			return nil, err
		}
		held, err = lease.Acquire(ctx, dest.State, claim)
	}
	if locked, is := errors.AsType[*manifest.LockedError](err); is {
		return nil, fmt.Errorf("another process still writes to the preview %s, so its files were kept: remove it again later, or let the next sweep do so: %w", name, locked)
	}
	return held, err
}

// siteOf is the name of the site in the state of a preview.
func siteOf(name string) string { return "preview " + name }

// clear deletes everything but the head, in which the lease is held.
func (p *Place) clear(ctx context.Context, held *lease.Lease, dest store.Destination, name string) error {
	if site, is := dest.Site.(interface{ Remove() error }); is {
		if err := held.Valid(); err != nil {
			return err
		}
		return site.Remove()
	}
	head := name + "/" + dest.StatePrefix + history.HeadKey
	var batch []store.Deletion
	flush := func() error {
		if err := held.Valid(); err != nil {
			return err
		}
		errs := p.root.Site.Delete(ctx, batch)
		batch = batch[:0]
		return errors.Join(errs...)
	}
	err := p.root.Site.List(ctx, name+"/", func(i store.Info) error {
		if i.Key == head {
			return nil
		}
		if batch = append(batch, store.Deletion{Key: i.Key}); len(batch) < 1000 {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// removeHome removes the files that a folder needed for the lease itself.
func (p *Place) removeHome(dest store.Destination) error {
	state, is := dest.State.(interface{ RemoveHome(unless string) error })
	if !is {
		return nil
	}
	return state.RemoveHome(history.HeadKey)
}

// exists says whether the place has files or state of a preview.
func (p *Place) exists(ctx context.Context, name string) (bool, error) {
	if p.folder != "" {
		for _, end := range []string{"", ".pressrun-next", ".pressrun"} {
			if _, err := os.Lstat(filepath.Join(p.folder, name+end)); !errors.Is(err, os.ErrNotExist) {
				return true, err
			}
		}
		return false, nil
	}
	err := p.root.Site.List(ctx, name+"/", func(store.Info) error { return errEnough })
	if errors.Is(err, errEnough) {
		return true, nil
	}
	return false, err
}
