package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// purgedKey is where earlier versions noted how far the CDN had been told, whichever
// it was. It counts for a CDN that has no note of its own.
const purgedKey = "purged"

// Purged is how far one CDN has been purged.
type Purged struct {
	CDN      string    `json:"cdn,omitempty"` // its name
	Manifest int64     `json:"manifest"`      // sequence of the manifest that its caches agree with; 0 when it was never told
	At       time.Time `json:"at"`
	// Begun is a purge that was begun and whose end was not noted, in the words of the
	// caller that purges the CDN (cdn.Receipt).
	Begun json.RawMessage `json:"begun,omitempty"`

	key string // under which it was read
}

// PurgedKey is where a CDN's Purged is kept. Names may have characters that keys do not
// take, and be long: their hash stands for them.
func PurgedKey(cdn string) string {
	if cdn == "" {
		return purgedKey
	}
	sum := sha256.Sum256([]byte(cdn))
	return purgedKey + "-" + hex.EncodeToString(sum[:8])
}

// ReadPurged reads how far a CDN has been purged.
func ReadPurged(ctx context.Context, state store.Store, cdn string) (Purged, error) {
	p, err := readPurged(ctx, state, PurgedKey(cdn))
	if errors.Is(err, store.ErrNotFound) {
		p, err = readPurged(ctx, state, purgedKey)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	p.CDN = cdn
	return p, err
}

// AllPurged reads how far each CDN that was ever purged has been purged. One without a
// name is that of an earlier version.
func AllPurged(ctx context.Context, state store.Store) ([]Purged, error) {
	var keys []string
	err := state.List(ctx, purgedKey, func(info store.Info) error {
		if info.Key == purgedKey || strings.HasPrefix(info.Key, purgedKey+"-") {
			keys = append(keys, info.Key)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look how far the CDN was told: %w", err)
	}
	out := make([]Purged, 0, len(keys))
	for _, key := range keys {
		p, err := readPurged(ctx, state, key)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func readPurged(ctx context.Context, state store.Store, key string) (Purged, error) {
	p := Purged{key: key}
	o, err := state.Get(ctx, key)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(o.Body, &p); err != nil {
		return Purged{}, p.Bad(state, err)
	}
	return p, nil
}

// Bad says what to do about a note on the CDN that can't be read.
func (p Purged) Bad(state store.Store, err error) error {
	return fmt.Errorf("read %s/%s: %w; delete %s/%s to start anew: the CDN is then told to drop everything", state, p.key, err, state, p.key)
}

// WritePurged notes how far a CDN has been purged.
func WritePurged(ctx context.Context, state store.Store, p Purged) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("note the invalidation: %w", err)
	}
	_, err = state.Put(ctx, store.SmallPut(PurgedKey(p.CDN), manifest.StateHeaders, body, store.Condition{}))
	return err
}
