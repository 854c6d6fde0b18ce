// Package redirectsync makes a CDN's redirect store hold the redirects of a release.
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

// tries bounds how often a store is read while another writer changes it.
const tries = 10

// Sync is the difference between a redirect store and a release.
type Sync struct {
	store redirect.Store
	state store.Store
	next  *manifest.Manifest

	plan    redirect.Plan
	version string // of the store, as the plan was made
	digest  string
	noted   bool // the state's note is already that of the release
	written time.Time
}

// Read plans the writes to the redirect store for a release, and makes sure that it has
// room for them. It writes nothing.
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
		if most := s.store.Limits().Total; size+s.plan.Growth(held) > most {
			return fmt.Errorf("%s would hold %d bytes and takes %d: make fewer of the redirects, or deploy without it", s.store, size+s.plan.Growth(held), most)
		}
		return nil
	}
	return errUnstable(s.store)
}

// readOnce reads a store; same says that it still has the version afterwards. Else the
// content may be of two versions.
func readOnce(ctx context.Context, from redirect.Store, version string) (held map[string]string, same bool, err error) {
	if held, err = from.Read(ctx); err != nil {
		return nil, false, err
	}
	after, _, err := from.Version(ctx)
	return held, after == version, err
}

func errUnstable(st redirect.Store) error {
	return fmt.Errorf("%s changes all the time: stop its other writers, then try again", st)
}

// Held reads a store's content, all of one version.
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
	return nil, "", errUnstable(from)
}

// Plan lists the writes.
func (s *Sync) Plan() *redirect.Plan { return &s.plan }

// Done says that the store holds the release's redirects already.
func (s *Sync) Done() bool { return s.noted }

// Write makes the store hold the release's redirects; valid is called before each write.
// Call it when all files of the release are written and none is deleted: then every
// target of a redirect exists, and every address has a file, at each instant.
func (s *Sync) Write(ctx context.Context, valid func() error) error {
	if err := s.write(ctx, valid); err != nil {
		return fmt.Errorf("write the redirects: %w", err)
	}
	return nil
}

func (s *Sync) write(ctx context.Context, valid func() error) error {
	for try := range tries {
		err := s.batches(ctx, valid)
		if err == nil {
			if err := valid(); err != nil {
				return err
			}
			return writeNote(ctx, s.state, Note{s.store.String(), s.version, s.digest})
		}
		if !errors.Is(err, store.ErrPrecondition) {
			return err
		}
		// An answer was lost, or another writer changed the store: plan again from its
		// present content.
		select {
		case <-time.After(time.Duration(try) * 500 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := s.read(ctx); err != nil {
			return err
		}
	}
	return errUnstable(s.store)
}

func (s *Sync) batches(ctx context.Context, valid func() error) error {
	for _, batch := range s.plan.Batches(s.store.Limits()) {
		if err := valid(); err != nil {
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

// AwaitPropagation waits until no edge location uses the redirects from before the writes:
// they may lead to files that the release drops.
func (s *Sync) AwaitPropagation(ctx context.Context) {
	if s.written.IsZero() {
		return
	}
	select {
	case <-time.After(time.Until(s.written.Add(s.store.Limits().Propagation))):
	case <-ctx.Done(): // the deletes will say why
	}
}
