package plan

import (
	"iter"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// stored is a path's present content.
type stored struct {
	manifest.Entry
	managed bool // Pressrun wrote it
	inexact bool // Sum is not known: compare by size and CRC
	opaque  bool // not even the CRC is known: send it again
	bare    bool // the store keeps no headers
	retired *manifest.Retired
	live    bool // named by the live release
}

// plain says whether it is the built file, not compressed, which a rule compresses now: it
// is not foreign, even if someone else wrote it.
func (h stored) plain(f manifest.File) bool {
	return f.Encoding != "" && h.inexact && !h.opaque && h.Headers.Get(rules.EncodingHeader) == "" && h.Size == f.Origin.Size && h.CRC == f.OriginCRC
}

func (h stored) same(e manifest.Entry) bool {
	if h.opaque {
		return false
	}
	if h.inexact {
		return h.Size == e.Size && h.CRC == e.CRC
	}
	return h.Sum == e.Sum
}

// inventory is the present content of the destination's paths. Only paths that differ from
// the live manifest take memory.
type inventory struct {
	live *manifest.Manifest
	odd  map[string]*stored // paths that differ from the manifest; nil for nothing there
}

// at is a path's content, or false when none is known.
func (h *inventory) at(path string) (stored, bool) {
	if odd, ok := h.odd[path]; ok {
		if odd == nil {
			return stored{}, false
		}
		return *odd, true
	}
	e, ok := h.live.Find(path)
	return stored{Entry: e, managed: true, live: true}, ok
}

// all yields every path with content, in no particular order.
func (h *inventory) all() iter.Seq2[string, stored] {
	return func(yield func(string, stored) bool) {
		for _, e := range h.live.Entries {
			if _, odd := h.odd[e.Path]; !odd && !yield(e.Path, stored{Entry: e, managed: true, live: true}) {
				return
			}
		}
		for path, odd := range h.odd {
			if odd != nil && !yield(path, *odd) {
				return
			}
		}
	}
}

// inventory combines the live manifest, the write-ahead manifests of deploys that died, and
// the observed paths.
func (in *Input) inventory() inventory {
	held := inventory{live: &in.Base.Live, odd: make(map[string]*stored, len(in.Base.Live.Retired)+len(in.Seen))}
	for i := range in.Base.Live.Retired {
		r := &in.Base.Live.Retired[i]
		if r.Doomed && in.Base.Swept {
			continue
		}
		held.odd[r.Path] = &stored{Entry: r.Entry, managed: true, retired: r}
	}
	written := in.written()
	for path, seen := range in.Seen {
		if !seen.Exists {
			held.odd[path] = nil
			continue
		}
		known, ok := held.at(path)
		switch {
		case !ok || known.ETag != seen.ETag:
			held.odd[path] = found(path, seen, known, written[path])
		case rewritten(known.Headers, seen.Headers, written[path]):
			known.Headers = seen.Headers // the ETag does not cover them
			held.odd[path] = &known
		}
	}
	return held
}

// rewritten says whether a deploy that died may have changed a file's headers alone.
// Observed headers leave out those that a store does not report.
func rewritten(known, seen store.Headers, written []manifest.Entry) bool {
	return seen != "" && seen != known && slices.ContainsFunc(written, func(e manifest.Entry) bool { return e.Headers != known })
}

// found is a path's observed content, where that differs from the known one. It is managed
// if a deploy that died was to write the same.
func found(path string, seen Observed, known stored, written []manifest.Entry) *stored {
	now := &stored{inexact: true, opaque: !seen.HasCRC, bare: seen.Headers == "", live: known.live, retired: known.retired}
	now.Entry = manifest.Entry{Path: path, Size: seen.Size, CRC: seen.CRC, Headers: seen.Headers, ETag: seen.ETag}
	for _, e := range written {
		if e.Size != seen.Size || (seen.HasCRC && e.CRC != seen.CRC) {
			continue
		}
		now.managed = true
		if seen.HasCRC {
			now.Sum, now.inexact = e.Sum, false
		}
	}
	return now
}

// written are the entries that uncommitted deploys were to write, by path.
func (in *Input) written() map[string][]manifest.Entry {
	m := map[string][]manifest.Entry{}
	for i := range in.Base.Pending {
		for _, e := range in.Base.Pending[i].Entries {
			m[e.Path] = append(m[e.Path], e)
		}
	}
	return m
}
