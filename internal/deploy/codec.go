package deploy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"
)

// manifestMagic starts every manifest; the byte after it is the format: plain, or
// with columns that its header names. A manifest that needs no column is written
// plain, so that versions which know none can read it.
const (
	manifestMagic = "PRMF"
	formatPlain   = 1
	formatColumns = 2
	// maxManifest bounds what a manifest may unpack to: about two million files.
	maxManifest = 512 << 20
)

// ErrNewerFormat tells of a manifest or head written by a newer Pressrun.
var ErrNewerFormat = errors.New("written by a newer version of Pressrun: update this one")

// ErrCorrupt tells of a manifest or head that is damaged, or none.
var ErrCorrupt = errors.New("corrupt")

type manifestHeader struct {
	Site     string `json:"site"`
	Sequence int64  `json:"sequence"`
	Release  int64  `json:"release"`
	Commit   string `json:"commit,omitempty"`
	Parent   int64  `json:"parent"`
	At       int64  `json:"at"` // Unix seconds
	Delta    bool   `json:"delta,omitempty"`
	// Columns are the blocks after the entries, in their order.
	Columns []string `json:"columns,omitempty"`
}

// Encode writes a manifest: magic, format, then zstd (with its own checksum)
// over a JSON header, the table of header sets, and the entries, each path
// without the start it shares with the one before, and the columns.
func (m *Manifest) Encode() ([]byte, error) {
	columns, blocks := m.columns()
	head, err := json.Marshal(manifestHeader{m.Site, m.Sequence, m.Release, m.Commit, m.Parent, unix(m.At), m.Delta, columns})
	if err != nil {
		return nil, fmt.Errorf("encode manifest header: %w", err)
	}
	w := &encoder{sets: map[Headers]uint64{}}
	for i := range m.Entries {
		w.entry(&m.Entries[i])
	}
	w.last = ""
	for i := range m.Retired {
		r := &m.Retired[i]
		w.entry(&r.Entry)
		w.int(r.Sequence)
		w.int(unix(r.At))
		w.uint(flag(r.Doomed))
	}
	for _, block := range blocks {
		w.bytes(string(block))
	}
	top := &encoder{}
	top.bytes(string(head))
	top.uint(uint64(len(w.order)))
	for _, set := range w.order {
		top.bytes(string(set))
	}
	top.uint(uint64(len(m.Entries)))
	top.uint(uint64(len(m.Retired)))
	// Ids of versions have no repeats, and few letters: a third less for them.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithAllLitEntropyCompression(true))
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	out := append([]byte(manifestMagic), formatPlain)
	if len(columns) > 0 {
		out[len(out)-1] = formatColumns
	}
	return z.EncodeAll(append(top.buf, w.buf...), out), nil
}

// DecodeManifest reads a manifest. The bytes may be anything: what is not a
// whole, sorted manifest of a known format is an error.
func DecodeManifest(data []byte) (*Manifest, error) {
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
	r := &decoder{buf: raw}
	m := r.manifest()
	if errors.Is(r.err, ErrNewerFormat) {
		return nil, fmt.Errorf("decode manifest: %w", r.err)
	}
	if r.err == nil && len(r.buf) > 0 {
		r.err = errors.New("bytes after the end")
	}
	if r.err != nil {
		return nil, fmt.Errorf("decode manifest: %w: %w", ErrCorrupt, r.err)
	}
	return m, nil
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

type encoder struct {
	buf   []byte
	last  string
	sets  map[Headers]uint64
	order []Headers
}

func (w *encoder) uint(v uint64) { w.buf = binary.AppendUvarint(w.buf, v) }

// int writes a number that is never negative.
func (w *encoder) int(v int64) { w.uint(uint64(max(0, v))) }

func (w *encoder) bytes(s string) {
	w.uint(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *encoder) entry(e *Entry) {
	shared := 0
	for shared < len(e.Path) && shared < len(w.last) && e.Path[shared] == w.last[shared] {
		shared++
	}
	w.uint(uint64(shared))
	w.bytes(e.Path[shared:])
	w.last = e.Path
	w.int(e.Size)
	w.buf = append(w.buf, e.Sum[:]...)
	w.buf = binary.BigEndian.AppendUint64(w.buf, e.CRC)
	set, ok := w.sets[e.Headers]
	if !ok {
		set = uint64(len(w.order))
		w.sets[e.Headers] = set
		w.order = append(w.order, e.Headers)
	}
	w.uint(set)
	w.bytes(e.ETag)
}
