package preview

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

const (
	recordPrefix = "previews/"
	recordEnd    = ".json"
	// stateHeaders are the headers of state files: no cache may keep them.
	stateHeaders = manifest.StateHeaders
)

// recordStore reads and writes the records of a place's previews, which lie beside the previews.
type recordStore struct {
	address string // the address of the place
	root    store.Destination
}

// entry is a stored record, with its ETag for the next write.
type entry struct {
	Record
	tag string
}

// ErrNone says that there is no preview of a name.
var ErrNone = errors.New("there is no such preview")

// damaged says that a record can't be read.
type damaged struct {
	entry entry // its name and tag
	place string
}

func (d *damaged) Error() string {
	return fmt.Sprintf("the record of the preview %s at %s is damaged: remove it by `pressrun preview remove %s`", d.entry.Name, d.place, d.entry.Name)
}

func (b *recordStore) read(ctx context.Context, name string) (*entry, error) {
	if !IsName(name) {
		return nil, fmt.Errorf("%q: %w: names have small letters, digits and hyphens", name, ErrNone)
	}
	o, err := b.root.State.Get(ctx, recordPrefix+name+recordEnd)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%s: %w", name, ErrNone)
	}
	if err != nil {
		return nil, err
	}
	e := &entry{tag: o.ETag}
	if err := json.Unmarshal(o.Body, &e.Record); err != nil || e.Name != name {
		return nil, &damaged{entry{Record: Record{Name: name}, tag: o.ETag}, b.address}
	}
	return e, nil
}

// All are the records of all previews, the removed ones too, by name.
func (b *recordStore) All(ctx context.Context) ([]Record, error) {
	entries, err := b.entries(ctx)
	out := make([]Record, len(entries))
	for i, e := range entries {
		out[i] = e.Record
	}
	return out, err
}

func (b *recordStore) entries(ctx context.Context) ([]entry, error) {
	var names []string
	err := b.root.State.List(ctx, recordPrefix, func(i store.Info) error {
		name, is := strings.CutSuffix(strings.TrimPrefix(i.Key, recordPrefix), recordEnd)
		if is && IsName(name) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err // never a partial list: a sweep deletes previews without a record
	}
	var out []entry
	for _, name := range names {
		e, err := b.read(ctx, name)
		if errors.Is(err, ErrNone) {
			continue // forgotten meanwhile
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *e)
	}
	slices.SortFunc(out, func(one, other entry) int { return cmp.Compare(one.Name, other.Name) })
	return out, nil
}

// write replaces the record was, nil for a new one. It returns a *Conflict if another
// process has changed the record meanwhile.
func (b *recordStore) write(ctx context.Context, was *entry, r Record) (*entry, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	cond := store.Condition{IfAbsent: true}
	if was != nil {
		cond = store.Condition{IfMatch: was.tag}
	}
	w, err := b.root.State.Put(ctx, store.SmallPut(recordPrefix+r.Name+recordEnd, stateHeaders, append(text, '\n'), cond))
	if errors.Is(err, store.ErrPrecondition) || was != nil && errors.Is(err, store.ErrNotFound) {
		return nil, changed(r.Name)
	}
	if err != nil {
		return nil, err
	}
	return &entry{Record: r, tag: w.ETag}, nil
}

func changed(name string) error {
	return &Conflict{fmt.Sprintf("somebody else changed the preview %s in the meantime: look at it, then try again", name)}
}

func (b *recordStore) forget(ctx context.Context, e entry) error {
	return errors.Join(b.root.State.Delete(ctx, []store.Deletion{{Key: recordPrefix + e.Name + recordEnd, ETag: e.tag}})...)
}
