package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/content"
)

// Head is the first line of a pass's journal. A pass that was cut off is resumed only by one that
// would ask the same.
type Head struct {
	Format int `json:"format"`
	// Base is the latest snapshot when the pass began; empty for none.
	Base  string `json:"base,omitempty"`
	Model string `json:"model"`
	Full  bool   `json:"full"`
	// Watermark is by the source's clock, At by this machine's.
	Watermark time.Time `json:"watermark"`
	At        time.Time `json:"at"`
	// OwnClock says that the source sent no time, and the watermark is by this machine's clock.
	OwnClock bool `json:"own_clock,omitempty"`
}

// Answer is a source's decoded answer, without the records' bytes.
type Answer struct {
	Records []content.Record `json:"records,omitempty"`
	Total   int              `json:"total"`
	Pages   int              `json:"pages"`
	Next    string           `json:"next,omitempty"`
	// Gone are the records that the answer calls deleted, Resume is the address of the
	// changes after it.
	Gone   []content.Key `json:"gone,omitempty"`
	Resume string        `json:"resume,omitempty"`
	// At is when it was read, by the source's clock.
	At time.Time `json:"at"`
	// HasBodies says that the records' bytes are in the pack.
	HasBodies bool `json:"whole,omitempty"`
}

// answerLine is a line of a pass's journal.
type answerLine struct {
	Key string `json:"key"`
	// Offset is where the bytes of the answer's records begin in the pack, one record
	// after the other.
	Offset int64 `json:"offset"`
	Answer
}

// Pass is a pass under way: its answers so far, on disk. It is safe for use by many goroutines.
type Pass struct {
	Head
	// Resumed counts the answers that an earlier process had got.
	Resumed int

	dir     string
	mu      sync.Mutex
	journal *os.File
	// pack has the bytes of all records that were read. They are one file until the
	// commit: thousands would be made, and removed again.
	pack   *os.File
	packed int64
	known  map[string]Answer
	bodies map[string]place // by hash
}

// place is where in the pack a record's bytes are.
type place struct{ offset, size int64 }

// Begin begins a pass, or goes on with the one that was cut off, if it would ask the
// same and began less than young ago.
func (a *Archive) Begin(b Head, young time.Duration) (*Pass, error) {
	b.Format = format
	p := &Pass{Head: b, dir: filepath.Join(a.dir, ".pass"), known: map[string]Answer{}, bodies: map[string]place{}}
	if p.resume(b, young) {
		return p, nil
	}
	p.Head, p.Resumed, p.packed = b, 0, 0
	clear(p.known)
	clear(p.bodies)
	if err := os.RemoveAll(p.dir); err != nil {
		return nil, fmt.Errorf("remove an old pass: %w", err)
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("begin a pass: %w", err)
	}
	first, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("begin a pass: %w", err)
	}
	return p, p.open(first)
}

func (p *Pass) open(line []byte) (err error) {
	if p.journal, err = os.OpenFile(filepath.Join(p.dir, "journal"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("open the journal of the pass: %w", err)
	}
	if p.pack == nil {
		if p.pack, err = os.OpenFile(filepath.Join(p.dir, "pack"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
			return errors.Join(fmt.Errorf("open the pack of the pass: %w", err), p.journal.Close())
		}
	}
	if line != nil {
		_, err = p.journal.Write(append(line, '\n'))
	}
	return err
}

// resume reads the journal of a pass that was cut off.
func (p *Pass) resume(b Head, young time.Duration) bool {
	text, err := os.ReadFile(filepath.Join(p.dir, "journal"))
	if err != nil {
		return false
	}
	first, rest, ok := bytes.Cut(text, []byte("\n"))
	var was Head
	if !ok || json.Unmarshal(first, &was) != nil || was.Format != format || was.Base != b.Base || was.Model != b.Model || was.Full != b.Full {
		return false
	}
	if age := b.At.Sub(was.At); age < 0 || age > young {
		return false
	}
	if p.pack, err = os.OpenFile(filepath.Join(p.dir, "pack"), os.O_RDWR, 0o600); err != nil {
		p.pack = nil
		return false
	}
	whole := p.replay(rest)
	if os.Truncate(filepath.Join(p.dir, "journal"), int64(len(first)+1+whole)) != nil || p.open(nil) != nil {
		p.pack = nil
		return false
	}
	p.Head, p.Resumed = was, len(p.known)
	return true
}

// replay reads the answers of a journal whose last line may be cut, and says how many
// bytes of it are good. An answer whose records are not there whole is forgotten.
func (p *Pass) replay(lines []byte) (good int) {
	for {
		line, rest, ok := bytes.Cut(lines, []byte("\n"))
		var a answerLine
		if !ok || json.Unmarshal(line, &a) != nil {
			return good
		}
		if p.complete(a) {
			p.known[a.Key] = a.Answer
		}
		good += len(line) + 1
		lines = rest
	}
}

func (p *Pass) complete(a answerLine) bool {
	at := a.Offset
	for _, r := range a.Records {
		if !a.HasBodies {
			break
		}
		here := place{at, r.Size}
		raw, err := p.read(here)
		if err != nil || content.Hash(raw) != r.Hash {
			return false
		}
		p.bodies[r.Hash] = here
		at += r.Size
	}
	p.packed = max(p.packed, at)
	return true
}

// mostBody bounds a size that a journal claims, in bytes: no answer is larger.
const mostBody = 1 << 30

func (p *Pass) read(at place) ([]byte, error) {
	if at.size < 0 || at.size > mostBody || at.offset < 0 {
		return nil, errors.New("the journal of the pass names no place in its pack")
	}
	raw := make([]byte, at.size)
	_, err := p.pack.ReadAt(raw, at.offset)
	return raw, err
}

// Known is the answer that a request already has.
func (p *Pass) Known(key string) (Answer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.known[key]
	return a, ok
}

// Keep keeps a request's answer, and the bytes of its records; bodies is nil for an
// answer without. After nil, the answer outlives this process.
func (p *Pass) Keep(key string, a Answer, bodies [][]byte) error {
	a.HasBodies = bodies != nil
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := json.Marshal(answerLine{key, p.packed, a})
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	// First the bytes: a line of the journal is true.
	if _, err := p.pack.WriteAt(bytes.Join(bodies, nil), p.packed); err != nil {
		return fmt.Errorf("keep the records of an answer: %w", err)
	}
	if _, err := p.journal.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	for i, raw := range bodies {
		p.bodies[a.Records[i].Hash] = place{p.packed, int64(len(raw))}
		p.packed += int64(len(raw))
	}
	p.known[key] = a
	return nil
}

func writeNew(name string, raw []byte) error {
	f, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444) //nolint:gosec // G302: a build of another user may read published content
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Close())
}

// Leave ends this process's part: the next one goes on from here.
func (p *Pass) Leave() error { return errors.Join(p.journal.Close(), p.pack.Close()) }

// Discard ends the pass, so that the next one begins anew.
func (p *Pass) Discard() error { return errors.Join(p.Leave(), os.RemoveAll(p.dir)) }
