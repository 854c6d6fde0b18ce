package cms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/demo/content"
)

// state is everything that the CMS keeps. The outgoing changes are part of it,
// so that an edit and its change are kept or lost together.
type state struct {
	NextID   int      `json:"next_id"`
	Articles []record `json:"articles"`
	Changes  []entry  `json:"changes"` // oldest first
}

// record is an article with what only the CMS knows about it.
type record struct {
	content.Article
	Version  int    `json:"version"`             // counts saves; a form made from an older one is refused
	ChangeID string `json:"change_id,omitempty"` // the last change that the public site must show
}

// entry is a change with its delivery.
type entry struct {
	Change
	Attempts int       `json:"attempts,omitempty"`
	NextTry  time.Time `json:"next_try,omitzero"`
	Sent     time.Time `json:"sent,omitzero"` // taken over by the Publisher
	Live     time.Time `json:"live,omitzero"` // first seen live
	Text     string    `json:"text,omitempty"`
}

// store holds the state in memory, and in a file if it has one.
// A state's slices are never changed in place: a read needs no copy.
type store struct {
	mu    sync.Mutex
	file  string
	state state
}

func openStore(file string, first func() (state, error)) (*store, error) {
	s := &store{file: file}
	data, err := readIfThere(file)
	if err != nil {
		return nil, fmt.Errorf("read CMS content: %w", err)
	}
	if data != nil {
		s.state, err = decodeState(data)
		if err != nil {
			return nil, fmt.Errorf("read CMS content %s (move the file away to start afresh): %w", file, err)
		}
		return s, nil
	}
	if s.state, err = first(); err != nil {
		return nil, fmt.Errorf("check the CMS's first content: %w", err)
	}
	if err := s.write(s.state); err != nil {
		return nil, err
	}
	return s, nil
}

func readIfThere(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(filepath.Clean(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func decodeState(data []byte) (state, error) {
	var s state
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return state{}, fmt.Errorf("decode near byte %d: %w", decoder.InputOffset(), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return state{}, fmt.Errorf("decode near byte %d: more text after the content", decoder.InputOffset())
	}
	return s, s.check()
}

// check verifies the state on which the package relies: every article is valid,
// with an id and an address of its own, and every change has an id.
func (s *state) check() error {
	ids, slugs := map[string]bool{}, map[string]bool{}
	for _, r := range s.Articles {
		switch errs := r.Validate(); {
		case len(errs) > 0:
			return fmt.Errorf("article %q: %w", r.ID, errs[0])
		case r.ID == "" || ids[r.ID]:
			return fmt.Errorf("article %q: id is empty or used twice", r.ID)
		case slugs[r.Slug]:
			return fmt.Errorf("article %q: slug %q is used twice", r.ID, r.Slug)
		case r.Status != content.Draft && r.Status != content.Published:
			return fmt.Errorf("article %q: unknown status %q", r.ID, r.Status)
		case r.UpdatedAt.IsZero():
			return fmt.Errorf("article %q: updated_at is missing", r.ID)
		}
		ids[r.ID], slugs[r.Slug] = true, true
	}
	for i, e := range s.Changes {
		if e.ID == "" || e.Actor == "" {
			return fmt.Errorf("change %d: id or actor is empty", i)
		}
	}
	if s.NextID < 1 || ids[fmt.Sprint(s.NextID)] {
		return fmt.Errorf("next_id %d is used or not positive", s.NextID)
	}
	return nil
}

func (s *store) read() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// update applies fn to a copy and keeps it only when it is safely on disk.
func (s *store) update(fn func(*state) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.state.clone()
	if err := fn(&next); err != nil {
		return err
	}
	if err := s.write(next); err != nil {
		return err
	}
	s.state = next
	return nil
}

// note applies fn even when the disk refuses it. It is for facts that can be
// learned again, such as a delivery: forgetting one repeats it, which is harmless.
func (s *store) note(fn func(*state)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.state.clone()
	fn(&next)
	s.state = next
	return s.write(next)
}

func (s *state) clone() state {
	return state{NextID: s.NextID, Articles: slices.Clone(s.Articles), Changes: slices.Clone(s.Changes)}
}

func (s *state) article(id string) int {
	return slices.IndexFunc(s.Articles, func(r record) bool { return r.ID == id })
}

func (s *state) change(id string) int {
	return slices.IndexFunc(s.Changes, func(e entry) bool { return e.ID == id })
}

// write replaces the file in one step, so that a crash leaves the old content
// or the new, never half of one.
func (s *store) write(next state) error {
	if s.file == "" {
		return nil
	}
	data, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return fmt.Errorf("encode CMS content: %w", err)
	}
	if err := atomicfile.Write(s.file, data); err != nil {
		return fmt.Errorf("write CMS content %s: %w", s.file, err)
	}
	return nil
}
