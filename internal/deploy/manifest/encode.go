package manifest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// manifestMagic starts every manifest; the byte after it is the format: plain, or with
// columns that its header names. A manifest without columns is written plain, so that
// earlier versions can read it.
const (
	manifestMagic = "PRMF"
	formatPlain   = 1
	formatColumns = 2
	// maxManifest bounds a decompressed manifest, in bytes: about two million files.
	maxManifest = 512 << 20
	// manifestWindow is the window of the compression: similar paths are near each other.
	manifestWindow = 1 << 20
)

// ErrNewerFormat says that a newer Pressrun wrote a manifest or head.
var ErrNewerFormat = errors.New("written by a newer version of Pressrun: update this one")

// ErrCorrupt says that the bytes are no manifest or head, or a damaged one.
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
	format := byte(formatPlain)
	if len(columns) > 0 {
		format = formatColumns
	}
	head, err := json.Marshal(manifestHeader{m.Site, m.Sequence, m.Release, m.Commit, m.Parent, unix(m.At), m.Delta, columns})
	if err != nil {
		return nil, fmt.Errorf("encode manifest header: %w", err)
	}
	body := func(out io.Writer) (int64, error) {
		w := &encoder{out: out}
		w.manifest(m, head, blocks)
		return w.written, w.err
	}
	// Once for the size, which the decoder allocates, and once more to write: a large site's
	// manifest is never in memory uncompressed.
	size, err := body(io.Discard)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	if size > maxManifest {
		return nil, fmt.Errorf("encode manifest: %d files with their headers take %d bytes, and %d is the most: deploy the site in parts, each to a prefix of its own",
			len(m.Entries)+len(m.Retired), size, maxManifest)
	}
	// Version ids have no repeats, and few letters: compressing literals always makes them
	// a third smaller.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(manifestWindow),
		zstd.WithLowerEncoderMem(true), zstd.WithAllLitEntropyCompression(true))
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	out := bytes.NewBuffer(make([]byte, 0, len(manifestMagic)+1+int(size*2/3))) // sums can't be compressed
	out.WriteString(manifestMagic)
	out.WriteByte(format)
	z.ResetContentSize(out, size)
	if _, err = body(z); err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return out.Bytes(), nil
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

// encoder buffers bytes, and writes them to out, if set, when the buffer is full.
type encoder struct {
	buf     []byte
	out     io.Writer
	written int64 // bytes written to out
	err     error

	last string
	sets map[store.Headers]uint64
}

const encoderBuffer = 64 << 10

func (w *encoder) flush() {
	if w.err == nil {
		_, w.err = w.out.Write(w.buf)
	}
	w.written += int64(len(w.buf))
	w.buf = w.buf[:0]
}

func (w *encoder) manifest(m *Manifest, head []byte, blocks [][]byte) {
	w.bytes(string(head))
	w.headerSets(m)
	w.uint(uint64(len(m.Entries)))
	w.uint(uint64(len(m.Retired)))
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
	w.flush()
}

// headerSets writes each set of headers once; entries then name it by number.
func (w *encoder) headerSets(m *Manifest) {
	w.sets = map[store.Headers]uint64{}
	var order []store.Headers
	for e := range m.all() {
		if _, known := w.sets[e.Headers]; !known {
			w.sets[e.Headers] = uint64(len(order))
			order = append(order, e.Headers)
		}
	}
	w.uint(uint64(len(order)))
	for _, set := range order {
		w.bytes(string(set))
	}
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
	w.uint(w.sets[e.Headers])
	w.bytes(e.ETag)
	if len(w.buf) >= encoderBuffer {
		w.flush()
	}
}
