// Package redirectsync makes a CDN's store of redirects hold those of a release.
package redirectsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// tries is how often a store is read again while another writer changes it.
const tries = 10

// Sync is the difference between a redirect store and a release.
type Sync struct {
	store redirect.Store
	state store.Store
	next  *manifest.Manifest

	plan    redirect.Plan
	version string // of the store, as the plan was made
	digest  string
	noted   bool // the state says so already
	written time.Time
}

// Read finds out, before anything is written, what the redirect store will have to
// hold for a release, and whether it can.
func Read(ctx context.Context, to redirect.Store, state store.Store, next *manifest.Manifest) (*Sync, error) {
	s := &Sync{store: to, state: state, next: next, digest: redirect.Digest(next, to.Limits())}
	if err := s.read(ctx); err != nil {
		return nil, fmt.Errorf("read the redirects: %w", err)
	}
	return s, nil
}

func (s *Sync) read(ctx context.Context) error {
	note, err := ReadNote(ctx, s.state)
	if err != nil {
		return err
	}
	for range tries {
		version, size, err := s.store.Version(ctx)
		if err != nil {
			return err
		}
		s.version, s.noted = version, note == Note{s.store.String(), version, s.digest}
		if s.noted {
			s.plan = redirect.Plan{Store: s.store.String()}
			return nil
		}
		held, same, err := readOnce(ctx, s.store, version)
		if err != nil {
			return err
		}
		if !same {
			continue
		}
		s.plan = redirect.NewPlan(s.next, held, s.store.Limits())
		s.plan.Store = s.store.String()
		if most := s.store.Limits().Total; size+s.plan.Grows(held) > most {
			return fmt.Errorf("%s would hold %d bytes and takes %d: make fewer of the redirects, or deploy without it", s.store, size+s.plan.Grows(held), most)
		}
		return nil
	}
	return changesAlways(s.store)
}

// readOnce reads a store, and says whether it still has this version afterwards:
// else what was read may be of two.
func readOnce(ctx context.Context, from redirect.Store, version string) (held map[string]string, same bool, err error) {
	if held, err = from.Read(ctx); err != nil {
		return nil, false, err
	}
	after, _, err := from.Version(ctx)
	return held, after == version, err
}

func changesAlways(st redirect.Store) error {
	return fmt.Errorf("%s changes all the time: somebody else writes to it", st)
}

// Held is a store's content, all of one version.
func Held(ctx context.Context, from redirect.Store) (held map[string]string, version string, err error) {
	for range tries {
		if version, _, err = from.Version(ctx); err != nil {
			return nil, "", err
		}
		held, same, err := readOnce(ctx, from, version)
		if err != nil {
			return nil, "", err
		}
		if same {
			return held, version, nil
		}
	}
	return nil, "", changesAlways(from)
}

// Plan lists the writes.
func (s *Sync) Plan() *redirect.Plan { return &s.plan }

// Done says that the store holds the release's redirects already.
func (s *Sync) Done() bool { return s.noted }

// Write makes the store hold the release's redirects; may is asked before each
// write. All files are in place: whatever a key leads to is there, as is the page
// that takes the place of a redirect; and what is still to be deleted leads on by
// itself. So there is no instant at which an address has nothing.
func (s *Sync) Write(ctx context.Context, may func() error) error {
	if err := s.write(ctx, may); err != nil {
		return fmt.Errorf("write the redirects: %w", err)
	}
	return nil
}

func (s *Sync) write(ctx context.Context, may func() error) error {
	for try := range tries {
		err := s.batches(ctx, may)
		if err == nil {
			if err := may(); err != nil {
				return err
			}
			return writeNote(ctx, s.state, Note{s.store.String(), s.version, s.digest})
		}
		if !errors.Is(err, store.ErrPrecondition) {
			return err
		}
		// An answer was lost, or another writer changed the store: its content now
		// decides the remaining writes.
		select {
		case <-time.After(time.Duration(try) * 500 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := s.read(ctx); err != nil {
			return err
		}
	}
	return changesAlways(s.store)
}

func (s *Sync) batches(ctx context.Context, may func() error) error {
	for _, batch := range s.plan.Batches(s.store.Limits()) {
		if err := may(); err != nil {
			return err
		}
		version, err := s.store.Write(ctx, s.version, batch)
		if err != nil {
			return err
		}
		s.version, s.written = version, time.Now()
	}
	return nil
}

// Settle waits until no redirect leads visitors any more to a file that the release drops.
func (s *Sync) Settle(ctx context.Context) {
	if s.written.IsZero() {
		return
	}
	select {
	case <-time.After(time.Until(s.written.Add(s.store.Limits().Settle))):
	case <-ctx.Done(): // the deletes will say why
	}
}
