package redirectsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// noteKey is the state's key for the note, by which a release with the same redirects need
// not read the redirect store.
const noteKey = "redirects"

// Note is the content of a redirect store after a deploy last wrote to it.
type Note struct {
	Store   string `json:"store"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// ReadNote reads the state's note; the zero Note where there is none.
func ReadNote(ctx context.Context, state store.Store) (Note, error) {
	var note Note
	o, err := state.Get(ctx, noteKey)
	if errors.Is(err, store.ErrNotFound) {
		return note, nil
	}
	if err != nil {
		return note, err
	}
	if err := json.Unmarshal(o.Body, &note); err != nil {
		return note, fmt.Errorf("read %s/%s: %w; delete it: the redirect store itself is then read", state, noteKey, err)
	}
	return note, nil
}

func writeNote(ctx context.Context, state store.Store, note Note) error {
	body, err := json.Marshal(note)
	if err != nil {
		return err
	}
	_, err = state.Put(ctx, store.SmallPut(noteKey, manifest.StateHeaders, body, store.Condition{}))
	return err
}
