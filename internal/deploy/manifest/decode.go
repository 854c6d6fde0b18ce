package manifest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Decode reads a manifest. The bytes may be hostile: anything but a complete, sorted
// manifest of a known format is an error.
func Decode(data []byte) (*Manifest, error) {
	r, err := unpack(data)
	if err != nil {
		return nil, err
	}
	m := r.manifest()
	if r.err == nil && len(r.buf) > 0 {
		r.err = errors.New("bytes after the end")
	}
	return m, r.failed()
}

// DecodeSums calls f for the sum of each file that a manifest names as live, and
// returns the manifest's site. It takes a fraction of the memory of Decode.
func DecodeSums(data []byte, f func(store.Sum)) (site string, err error) {
	r, err := unpack(data)
	if err != nil {
		return "", err
	}
	site = r.sums(f)
	return site, r.failed()
}

func unpack(data []byte) (*decoder, error) {
	body, ok := bytes.CutPrefix(data, []byte(manifestMagic))
	if !ok || len(body) == 0 {
		return nil, fmt.Errorf("decode manifest: %w: it is no manifest", ErrCorrupt)
	}
	if body[0] > formatColumns {
		return nil, fmt.Errorf("decode manifest: format %d: %w", body[0], ErrNewerFormat)
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxManifest), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("decode manifest: %w", err)
	}
	defer z.Close()
	raw, err := z.DecodeAll(body[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("decode manifest: %w: %w", ErrCorrupt, err)
	}
	return &decoder{buf: raw}, nil
}

// minEntry is the size of the shortest entry, in bytes: it bounds the counts of entries.
const minEntry = 2 + 1 + 32 + 8 + 1 + 1

var errShort = errors.New("ends too early")

type decoder struct {
	buf  []byte
	last string
	sets []store.Headers
	err  error
}

func (r *decoder) failed() error {
	switch {
	case r.err == nil:
		return nil
	case errors.Is(r.err, ErrNewerFormat):
		return fmt.Errorf("decode manifest: %w", r.err)
	}
	return fmt.Errorf("decode manifest: %w: %w", ErrCorrupt, r.err)
}

// sums reads the sums of the live entries, and skips the rest.
func (r *decoder) sums(f func(store.Sum)) (site string) {
	head, entries, _ := r.start()
	for _, name := range head.Columns {
		if !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
			r.fail(fmt.Errorf("column %q: %w", name, ErrNewerFormat))
		}
	}
	for range entries {
		r.int() // shared with the path before
		r.take(r.length())
		r.int() // size
		var sum store.Sum
		copy(sum[:], r.take(len(sum)))
		r.take(8) // CRC
		r.int()   // header set
		r.take(r.length())
		if r.err != nil {
			return ""
		}
		f(sum)
	}
	return head.Site
}

// start reads the header, the header sets and the numbers of entries.
func (r *decoder) start() (head manifestHeader, entries, retired int) {
	if err := json.Unmarshal([]byte(r.bytes()), &head); err != nil && r.err == nil {
		r.err = err
	}
	for range r.count(1) {
		r.sets = append(r.sets, store.Headers(r.bytes()))
	}
	entries, retired = r.count(minEntry), r.count(minEntry)
	if entries*minEntry+retired*minEntry > len(r.buf) {
		r.err = errShort
	}
	if r.err != nil {
		return head, 0, 0
	}
	return head, entries, retired
}

func (r *decoder) manifest() *Manifest {
	head, entries, retired := r.start()
	if r.err != nil {
		return nil
	}
	m := &Manifest{
		Site: head.Site, Sequence: head.Sequence, Release: head.Release, Commit: head.Commit,
		Parent: head.Parent, At: fromUnix(head.At), Delta: head.Delta,
		Entries: make([]Entry, 0, entries), Retired: make([]Retired, 0, retired),
	}
	for range entries {
		m.Entries = append(m.Entries, r.entry())
	}
	r.last = ""
	for range retired {
		e := r.entry()
		m.Retired = append(m.Retired, Retired{
			Entry: e, Sequence: r.int(), At: fromUnix(r.int()), Doomed: r.int() == 1,
		})
	}
	r.columns(m, head.Columns)
	return m
}

func (r *decoder) entry() Entry {
	var e Entry
	shared := r.int()
	suffix := r.bytes()
	if shared > int64(len(r.last)) {
		r.fail(errors.New("a path shares more with the one before than that has"))
		return e
	}
	e.Path = r.last[:shared] + suffix
	if e.Path <= r.last {
		r.fail(errors.New("paths are not sorted"))
		return e
	}
	r.last = e.Path
	e.Size = r.int()
	copy(e.Sum[:], r.take(len(e.Sum)))
	if b := r.take(8); b != nil {
		e.CRC = binary.BigEndian.Uint64(b)
	}
	if set := r.int(); set < int64(len(r.sets)) {
		e.Headers = r.sets[set]
	} else {
		r.fail(errors.New("unknown header set"))
	}
	e.ETag = r.bytes()
	return e
}

func (r *decoder) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.buf = nil
}

func (r *decoder) int() int64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 || v > math.MaxInt64 {
		r.fail(errShort)
		return 0
	}
	r.buf = r.buf[n:]
	return int64(v)
}

// count reads the number of values that follow, each of at least size bytes.
func (r *decoder) count(size int) int {
	n := r.int()
	if n > int64(len(r.buf)/size) {
		r.fail(errShort)
		return 0
	}
	return int(n)
}

func (r *decoder) take(n int) []byte {
	if n > len(r.buf) {
		r.fail(errShort)
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

// length reads the number of bytes that follow.
func (r *decoder) length() int { return r.count(1) }

func (r *decoder) bytes() string { return string(r.take(r.length())) }

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
