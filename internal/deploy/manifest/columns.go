package manifest

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// column is a property that only some entries have, in a block of its own after all
// entries: a site without it pays nothing. A block has the number of values, and for each
// how many entries to skip (the live ones come first, then the retired ones) and the
// value. A reader that does not know a column refuses the manifest as newer than itself.
type column struct {
	name  string
	least int // bytes of the shortest value
	has   func(*Entry) bool
	write func(*encoder, *Entry)
	read  func(*decoder, *Entry)
}

var columns = []column{
	{
		name: "origin", least: 1 + len(store.Sum{}),
		has: func(e *Entry) bool { return e.Origin != (Origin{}) },
		write: func(w *encoder, e *Entry) {
			w.int(e.Origin.Size)
			w.buf = append(w.buf, e.Origin.Sum[:]...)
		},
		read: func(r *decoder, e *Entry) {
			e.Origin.Size = r.int()
			copy(e.Origin.Sum[:], r.take(len(store.Sum{})))
		},
	},
	{
		name: "version", least: 2,
		has:   func(e *Entry) bool { return e.Version != "" },
		write: func(w *encoder, e *Entry) { w.bytes(e.Version) },
		read:  func(r *decoder, e *Entry) { e.Version = r.bytes() },
	},
}

// all goes through the live and then the retired entries.
func (m *Manifest) all() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for i := range m.Entries {
			if !yield(&m.Entries[i]) {
				return
			}
		}
		for i := range m.Retired {
			if !yield(&m.Retired[i].Entry) {
				return
			}
		}
	}
}

// columns are the names and blocks of the columns that the manifest needs.
func (m *Manifest) columns() (names []string, blocks [][]byte) {
	for _, c := range columns {
		w, count, passed := &encoder{}, uint64(0), uint64(0)
		for e := range m.all() {
			if !c.has(e) {
				passed++
				continue
			}
			w.uint(passed)
			c.write(w, e)
			count, passed = count+1, 0
		}
		if count > 0 {
			block := &encoder{}
			block.uint(count)
			names, blocks = append(names, c.name), append(blocks, append(block.buf, w.buf...))
		}
	}
	return names, blocks
}

// columns reads the blocks that the header names.
func (r *decoder) columns(m *Manifest, names []string) {
	var entries []*Entry
	if len(names) > 0 {
		entries = slices.Collect(m.all())
	}
	for i, name := range names {
		known := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		switch {
		case known < 0:
			r.fail(fmt.Errorf("column %q: %w", name, ErrNewerFormat))
			return
		case slices.Contains(names[:i], name):
			r.fail(fmt.Errorf("column %q is there twice", name))
			return
		}
		block := &decoder{buf: []byte(r.bytes())}
		block.column(columns[known], entries)
		if block.err != nil {
			r.fail(fmt.Errorf("column %q: %w", name, block.err))
			return
		}
	}
}

func (r *decoder) column(c column, entries []*Entry) {
	for range r.count(1 + c.least) {
		passed := r.int()
		if passed >= int64(len(entries)) {
			r.fail(errors.New("more values than entries"))
			return
		}
		c.read(r, entries[passed])
		entries = entries[passed+1:]
	}
	if r.err == nil && len(r.buf) > 0 {
		r.fail(errors.New("bytes after the end"))
	}
}
