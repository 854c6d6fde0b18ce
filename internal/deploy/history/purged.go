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

// purgedKey is the key of the note of earlier versions, for any CDN. It counts for a CDN
// that has no note of its own.
const purgedKey = "purged"

// Purged is the note on one CDN: up to which release it has been purged.
type Purged struct {
	CDN      string    `json:"cdn,omitempty"` // its name
	Manifest int64     `json:"manifest"`      // sequence of the manifest as of which its caches are; 0 before the first purge
	At       time.Time `json:"at"`
	// Begun is the cdn.Receipt of a purge that was begun and has not ended; nil for none.
	Begun json.RawMessage `json:"begun,omitempty"`

	key string // under which it was read
}

// PurgedKey is the key of a CDN's Purged. It has a hash of the CDN's name, which may be
// long and have characters that keys do not take.
func PurgedKey(cdn string) string {
	if cdn == "" {
		return purgedKey
	}
	sum := sha256.Sum256([]byte(cdn))
	return purgedKey + "-" + hex.EncodeToString(sum[:8])
}

// ReadPurged reads the note on a CDN; its Manifest is 0 where there is none.
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

// AllPurged reads the notes on all CDNs that were ever purged. A note without a CDN is of
// an earlier version.
func AllPurged(ctx context.Context, state store.Store) ([]Purged, error) {
	var keys []string
	err := state.List(ctx, purgedKey, func(info store.Info) error {
		if info.Key == purgedKey || strings.HasPrefix(info.Key, purgedKey+"-") {
			keys = append(keys, info.Key)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the notes on CDNs: %w", err)
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
		return Purged{}, p.Unreadable(state, err)
	}
	return p, nil
}

// Unreadable adds to the error of a note that can't be read what to do about it.
func (p Purged) Unreadable(state store.Store, err error) error {
	return fmt.Errorf("read %s/%s: %w; delete %s/%s to start anew: the CDN is then purged of everything", state, p.key, err, state, p.key)
}

// WritePurged writes the note on a CDN.
func WritePurged(ctx context.Context, state store.Store, p Purged) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("note the invalidation: %w", err)
	}
	_, err = state.Put(ctx, store.SmallPut(PurgedKey(p.CDN), manifest.StateHeaders, body, store.Condition{}))
	return err
}
