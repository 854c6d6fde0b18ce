package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// redirectsKey is where the state remembers what a redirect store holds, so that
// a release with the same redirects need not read it.
const redirectsKey = "redirects"

// redirectTries is how often a store is read again that somebody else writes to.
const redirectTries = 10

// redirects is what a deploy knows of the redirect store.
type redirects struct {
	plan    redirect.Plan
	version string // of the store, as the plan was made
	digest  string
	noted   bool // the state says so already
	written time.Time
}

// redirectsNote is the state's object.
type redirectsNote struct {
	Store   string `json:"store"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// planRedirects finds out, before anything is written, what the redirect store
// will have to hold, and whether it can.
func (d *run) planRedirects(ctx context.Context) error {
	store, before := d.opts.Redirects, d.head.RedirectStore
	if store == nil && before != "" && !d.opts.WithoutRedirects {
		return fmt.Errorf("the live release keeps its redirects in %s too, where they would go on leading away from this release's pages: name it (--redirect-store), or say that it is no longer asked (--redirect-store none)", before)
	}
	if store == nil {
		return nil
	}
	first := d.redirects == nil
	found, err := d.readRedirects(ctx)
	if err != nil {
		return fmt.Errorf("read the redirects: %w", err)
	}
	d.redirects, d.result.Redirects = found, &found.plan
	if left := append(found.plan.Foreign, found.plan.Long...); first && len(left) > 0 {
		d.warn("%d redirects are left to the pages that lead on, since %s holds somebody else's keys there or has no room for so long an address: %s",
			len(left), store, theFirst(left, strings.Clone))
	}
	return nil
}

func (d *run) readRedirects(ctx context.Context) (*redirects, error) {
	store := d.opts.Redirects
	r := &redirects{digest: redirect.Digest(&d.plan.Next, store.Limits())}
	note, err := readRedirectsNote(ctx, d.dest.State)
	if err != nil {
		return nil, err
	}
	for range redirectTries {
		version, size, err := store.Version(ctx)
		if err != nil {
			return nil, err
		}
		r.version, r.noted = version, note == redirectsNote{store.String(), version, r.digest}
		if r.noted {
			r.plan = redirect.Plan{Store: store.String()}
			return r, nil
		}
		held, err := store.Read(ctx)
		if err != nil {
			return nil, err
		}
		after, _, err := store.Version(ctx)
		if err != nil {
			return nil, err
		}
		if after != version {
			continue // what was read may be of two versions
		}
		r.plan = redirect.NewPlan(&d.plan.Next, held, store.Limits())
		r.plan.Store = store.String()
		if most := store.Limits().Total; size+r.plan.Grows(held) > most {
			return nil, fmt.Errorf("%s would hold %d bytes and takes %d: make fewer of the redirects, or deploy without it", store, size+r.plan.Grows(held), most)
		}
		return r, nil
	}
	return nil, fmt.Errorf("%s changes all the time: somebody else writes to it", store)
}

// publishRedirects makes the redirect store hold the release's redirects. All
// files are in place: whatever a key leads to is there, as is the page that takes
// the place of a redirect; and what is still to be deleted leads on by itself. So
// there is no instant at which an address has nothing.
func (d *run) publishRedirects(ctx context.Context) error {
	if d.redirects == nil || d.redirects.noted {
		return nil
	}
	return d.timed("redirect store", func() error {
		if err := d.writeRedirects(ctx); err != nil {
			return fmt.Errorf("write the redirects: %w", err)
		}
		return nil
	})
}

func (d *run) writeRedirects(ctx context.Context) error {
	st := d.opts.Redirects
	for try := range redirectTries {
		err := d.writeBatches(ctx)
		if err == nil {
			return d.noteRedirects(ctx)
		}
		if !errors.Is(err, store.ErrPrecondition) {
			return err
		}
		// An answer was lost on the way, or somebody else wrote to the store: what it
		// holds now decides what is left to do.
		select {
		case <-time.After(time.Duration(try) * 500 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		written := d.redirects.written
		if d.redirects, err = d.readRedirects(ctx); err != nil {
			return err
		}
		d.redirects.written = written
	}
	return fmt.Errorf("%s changes all the time: somebody else writes to it", st)
}

func (d *run) writeBatches(ctx context.Context) error {
	for _, batch := range d.redirects.plan.Batches(d.opts.Redirects.Limits()) {
		if err := d.lease.valid(); err != nil {
			return err
		}
		version, err := d.opts.Redirects.Write(ctx, d.redirects.version, batch)
		if err != nil {
			return err
		}
		d.redirects.version, d.redirects.written = version, time.Now()
	}
	return nil
}

// settleRedirects waits before anything is deleted until nobody is led to it any
// more.
func (d *run) settleRedirects(ctx context.Context) {
	if d.redirects == nil || d.redirects.written.IsZero() {
		return
	}
	select {
	case <-time.After(time.Until(d.redirects.written.Add(d.opts.Redirects.Limits().Settle))):
	case <-ctx.Done(): // the deletes will say why
	}
}

// redirectStore names the store that the release keeps its redirects in.
func (d *run) redirectStore() string {
	if d.opts.Redirects == nil {
		return ""
	}
	return d.opts.Redirects.String()
}

func readRedirectsNote(ctx context.Context, state store.Store) (redirectsNote, error) {
	var note redirectsNote
	o, err := state.Get(ctx, redirectsKey)
	if errors.Is(err, store.ErrNotFound) {
		return note, nil
	}
	if err != nil {
		return note, err
	}
	if err := json.Unmarshal(o.Body, &note); err != nil {
		return note, fmt.Errorf("read %s/%s: %w; delete it, and the redirect store itself is read", state, redirectsKey, err)
	}
	return note, nil
}

func (d *run) noteRedirects(ctx context.Context) error {
	body, err := json.Marshal(redirectsNote{d.opts.Redirects.String(), d.redirects.version, d.redirects.digest})
	if err != nil {
		return err
	}
	if err := d.lease.valid(); err != nil {
		return err
	}
	_, err = d.dest.State.Put(ctx, store.SmallPut(redirectsKey, manifest.StateHeaders, body, store.Condition{}))
	return err
}
