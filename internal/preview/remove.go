package preview

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Extend gives a preview more time, and locks or unlocks it if that is told.
func (p *Place) Extend(ctx context.Context, name string, life time.Duration, locked *bool, now time.Time) (Record, error) {
	e, err := p.read(ctx, name)
	if err != nil {
		return Record{}, err
	}
	r, err := Extend(e.Record, life, locked, now)
	if err != nil {
		return r, err
	}
	_, err = p.write(ctx, e, r)
	return r, err
}

// Remove removes a preview: its files, what its deploys remember, and in the end what
// its record says of it but the name and the branch. A removed one is removed again. Of one
// whose record is damaged nothing is left.
func (p *Place) Remove(ctx context.Context, name string, now time.Time) error {
	e, err := p.read(ctx, name)
	if unread := (*damaged)(nil); errors.As(err, &unread) {
		e, err = p.write(ctx, &unread.entry, Record{Name: name, State: Removing, Updated: now})
	}
	if err != nil {
		return err
	}
	return p.remove(ctx, e, now)
}

// remove says that a preview is being removed before the first file goes: nobody is
// sent to half of it, and whoever finds it so goes on.
func (p *Place) remove(ctx context.Context, e *entry, now time.Time) (err error) {
	r := e.Record
	if r.State != Removing {
		r.State, r.Updated = Removing, now
		if e, err = p.write(ctx, e, r); err != nil {
			return err
		}
	}
	mine := func(ctx context.Context) error {
		now, err := p.read(ctx, e.Name)
		if err == nil && now.tag != e.tag {
			err = changed(e.Name)
		}
		return err
	}
	if err := p.erase(ctx, e.Name, mine); err != nil {
		return fmt.Errorf("remove the preview %s, of which a part is left: %w", e.Name, err)
	}
	if r.Ref == "" { // of a record that could not be read: nobody knows any more whose the name is
		return p.forget(ctx, *e)
	}
	r.State, r.Updated, r.Files, r.Bytes, r.Locked = Removed, now, 0, 0, false
	_, err = p.write(ctx, e, r)
	return err
}

// eraseStray deletes what is at the place under a name whose record does not stand. One
// that stands, as it does where a preview is made meanwhile, or removed by somebody else,
// is left alone.
func (p *Place) eraseStray(ctx context.Context, name string) error {
	stray := func(ctx context.Context) error {
		now, err := p.read(ctx, name)
		if err == nil && now.Stands() {
			return errStands
		}
		if errors.Is(err, ErrNone) {
			return nil
		}
		return err
	}
	err := stray(ctx)
	if err == nil {
		err = p.erase(ctx, name, stray)
	}
	if errors.Is(err, errStands) {
		return nil
	}
	return err
}

var errStands = errors.New("it stands")

// Swept is what a sweep did, or would do, about one preview.
type Swept struct {
	Name string `json:"name"`
	Act  Act    `json:"act"`
	Why  string `json:"why"`
}

// Sweep removes what is due, finishes what was cut off, and deletes what no record
// knows. With dry it only tells. What can't be removed does not keep it from the rest.
func (p *Place) Sweep(ctx context.Context, dry bool, now time.Time) ([]Swept, error) {
	if ours, err := p.claimed(ctx); !ours || err != nil {
		return nil, err // nothing here is a preview
	}
	// Names first: whose record is written after this list is not taken for a stranger.
	names, err := p.Names(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := p.entries(ctx)
	if err != nil {
		return nil, err
	}
	out := []Swept{}
	var errs []error
	for _, name := range names {
		if !slices.ContainsFunc(entries, func(e entry) bool { return e.Name == name && e.Stands() }) {
			out = append(out, Swept{name, Remove, "no record knows it"})
			if !dry {
				errs = append(errs, p.eraseStray(ctx, name))
			}
		}
	}
	for _, e := range entries {
		act, why := Due(e.Record, now)
		if act == Leave {
			continue
		}
		out = append(out, Swept{e.Name, act, why})
		if dry {
			continue
		}
		if act == Forget {
			errs = append(errs, p.forget(ctx, e))
			continue
		}
		errs = append(errs, p.remove(ctx, &e, now))
	}
	if !dry {
		errs = append(errs, p.tidy())
	}
	return out, errors.Join(errs...)
}
