package plan

import (
	"iter"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// stored is what one path holds now.
type stored struct {
	manifest.Entry
	ours    bool // we wrote it
	inexact bool // Sum is not known: compare by size and CRC
	opaque  bool // not even the CRC is known: send it again
	bare    bool // the store keeps no headers (a folder)
	retired *manifest.Retired
	live    bool // named by the live release
}

// plain tells whether it is the built file as such, which is now to be compressed:
// whoever wrote that wrote our content.
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

// inventory is what the destination's paths hold now. Most hold what the live
// manifest says, so only the others take up memory.
type inventory struct {
	live *manifest.Manifest
	odd  map[string]*stored // of which the manifest does not tell; nil for nothing there
}

// at is what a path holds, or false when it holds nothing that is known of.
func (h *inventory) at(path string) (stored, bool) {
	if odd, ok := h.odd[path]; ok {
		if odd == nil {
			return stored{}, false
		}
		return *odd, true
	}
	e, ok := h.live.Find(path)
	return stored{Entry: e, ours: true, live: true}, ok
}

// all goes through every path that holds something, in no particular order.
func (h *inventory) all() iter.Seq2[string, stored] {
	return func(yield func(string, stored) bool) {
		for _, e := range h.live.Entries {
			if _, odd := h.odd[e.Path]; !odd && !yield(e.Path, stored{Entry: e, ours: true, live: true}) {
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

// holdings works out what each path holds now, from the live manifest, from the
// write-ahead manifests of deploys that died, and from what was seen.
func (in *Input) holdings() inventory {
	held := inventory{live: &in.Base.Live, odd: make(map[string]*stored, len(in.Base.Live.Retired)+len(in.Seen))}
	for i := range in.Base.Live.Retired {
		r := &in.Base.Live.Retired[i]
		if r.Doomed && in.Base.Swept {
			continue
		}
		held.odd[r.Path] = &stored{Entry: r.Entry, ours: true, retired: r}
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
			known.Headers = seen.Headers // which no ETag shows
			held.odd[path] = &known
		}
	}
	return held
}

// rewritten tells whether a deploy that died may have changed a file's headers
// alone. What is seen leaves out those that a store gives no word of.
func rewritten(known, seen store.Headers, written []manifest.Entry) bool {
	return seen != "" && seen != known && slices.ContainsFunc(written, func(e manifest.Entry) bool { return e.Headers != known })
}

// found is what a path was seen to hold, where that is not what was known of it.
// It is ours when a deploy that died meant to put the same there.
func found(path string, seen Observed, known stored, written []manifest.Entry) *stored {
	now := &stored{inexact: true, opaque: !seen.HasCRC, bare: seen.Headers == "", live: known.live, retired: known.retired}
	now.Entry = manifest.Entry{Path: path, Size: seen.Size, CRC: seen.CRC, Headers: seen.Headers, ETag: seen.ETag}
	for _, e := range written {
		if e.Size != seen.Size || (seen.HasCRC && e.CRC != seen.CRC) {
			continue
		}
		now.ours = true
		if seen.HasCRC {
			now.Sum, now.inexact = e.Sum, false
		}
	}
	return now
}

// written is what deploys that did not commit meant to put at each path.
func (in *Input) written() map[string][]manifest.Entry {
	m := map[string][]manifest.Entry{}
	for i := range in.Base.Pending {
		for _, e := range in.Base.Pending[i].Entries {
			m[e.Path] = append(m[e.Path], e)
		}
	}
	return m
}
