package preview

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Target names a preview to act on. Unless Ref is "", the preview must be of this branch, tag or
// pull request: the name may belong to another one's.
type Target struct{ Name, Ref string }

// owns returns an ErrNone unless a record is of the target's ref. A record that was
// damaged has no ref any more.
func (t Target) owns(r Record) error {
	if t.Ref == "" || r.Ref == "" || r.Ref == t.Ref {
		return nil
	}
	return fmt.Errorf("%w: the name %s belongs to the preview of %q, and not to one of %q", ErrNone, t.Name, r.Ref, t.Ref)
}

// Extend gives a preview more time, and locks or unlocks it if locked is not nil. A preview of
// another ref than the target's is an ErrNone.
func (p *Place) Extend(ctx context.Context, of Target, life time.Duration, locked *bool, now time.Time) (Record, error) {
	e, err := p.read(ctx, of.Name)
	if err == nil {
		err = of.owns(e.Record)
	}
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

// Remove removes a preview: its files, the state of its deploys, and in the end its record
// except for the name and the branch. It may be repeated for a removed one. A preview of
// another ref than the target's is an ErrNone. A damaged record is removed as well, by its
// name alone: nobody can tell of which ref it is.
func (p *Place) Remove(ctx context.Context, of Target, now time.Time) error {
	e, err := p.read(ctx, of.Name)
	if unread := (*damaged)(nil); of.Ref == "" && errors.As(err, &unread) {
		e, err = p.write(ctx, &unread.entry, Record{Name: of.Name, State: Removing, Updated: now})
	}
	if err == nil {
		err = of.owns(e.Record)
	}
	if err != nil {
		return err
	}
	return p.remove(ctx, e, now)
}

// remove writes that a preview is being removed into its record before it deletes the
// first file, so that nobody is sent to half of it, and a later call can finish the
// removal.
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

// eraseStray deletes the files of a name without an active record. If there is one by
// then, since another process makes or removes the preview, it does nothing.
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

// Swept is an action of a sweep, or of its dry run, on one preview.
type Swept struct {
	Name string `json:"name"`
	Act  Act    `json:"act"`
	Why  string `json:"why"`
}

// Sweep removes expired previews, finishes removals that were cut off, and deletes files
// that no record knows. With dry it changes nothing. A failure does not keep it from the
// rest.
func (p *Place) Sweep(ctx context.Context, dry bool, now time.Time) ([]Swept, error) {
	if ours, err := p.claimed(ctx); !ours || err != nil {
		return nil, err // the place has no previews
	}
	// Names first, so that a preview whose record is written after this does not count as unknown.
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
		errs = append(errs, p.removeLeftovers())
	}
	return out, errors.Join(errs...)
}
