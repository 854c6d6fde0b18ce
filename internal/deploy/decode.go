package deploy

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"time"
)

// minEntry is the fewest bytes an entry takes, to bound what a count may claim.
const minEntry = 2 + 1 + 32 + 8 + 1 + 1

var errShort = errors.New("ends too early")

type decoder struct {
	buf  []byte
	last string
	sets []Headers
	err  error
}

func (r *decoder) manifest() *Manifest {
	var head manifestHeader
	if err := json.Unmarshal([]byte(r.bytes()), &head); err != nil && r.err == nil {
		r.err = err
	}
	for range r.count(1) {
		r.sets = append(r.sets, Headers(r.bytes()))
	}
	entries := r.count(minEntry)
	retired := r.count(minEntry)
	if entries*minEntry+retired*minEntry > len(r.buf) {
		r.err = errShort
	}
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
		r.fail(errors.New("a path refers to more than the one before"))
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

// count reads how many things of at least size bytes follow.
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

func (r *decoder) bytes() string {
	n := r.int()
	if n > int64(len(r.buf)) {
		r.fail(errShort)
		return ""
	}
	return string(r.take(int(n)))
}

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
