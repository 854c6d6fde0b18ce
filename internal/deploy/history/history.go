// Package history reads what a destination's state remembers of its releases.
package history

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// HeadKey is the key of the head in the state.
const HeadKey = "head"

// ManifestKey is where the state after a deploy is kept.
func ManifestKey(sequence int64) string { return fmt.Sprintf("releases/%010d", sequence) }

// PlanKey is where a deploy wrote its plan before its first write to the site.
func PlanKey(sequence int64) string { return ManifestKey(sequence) + ".plan" }

// PlanSequence reads a key that PlanKey made; false for any other.
func PlanSequence(key string) (int64, bool) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(key, "releases/"), ".plan")
	if !ok {
		return 0, false
	}
	sequence, err := strconv.ParseInt(digits, 10, 64)
	return sequence, err == nil && PlanKey(sequence) == key
}

// Plans are the sequences of all plans that are kept, in order.
func Plans(ctx context.Context, state store.Store) ([]int64, error) {
	var out []int64
	err := state.List(ctx, "releases/", func(info store.Info) error {
		if sequence, ok := PlanSequence(info.Key); ok {
			out = append(out, sequence)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

// Head is a head with the ETag it was read under.
type Head struct {
	manifest.Head
	ETag string        // empty when there is none yet
	Age  time.Duration // since it was written, by the store's clock
}

// webPage is how an answer begins that no store gave.
var webPage = regexp.MustCompile(`(?i)^\s*<(!doctype\s+html|html)\b`)

// ReadHead reads which release is live and who deploys. A destination that was
// never deployed to has an empty head.
func ReadHead(ctx context.Context, state store.Store, site string) (Head, error) {
	o, err := state.Get(ctx, HeadKey)
	if errors.Is(err, store.ErrNotFound) {
		return Head{Head: manifest.Head{Site: site}}, nil
	}
	if err != nil {
		return Head{}, err
	}
	head, err := manifest.ParseHead(o.Body, site)
	if err != nil && webPage.Match(o.Body) {
		return Head{}, fmt.Errorf("read %s/%s: what answers there is no store, it sent a web page (a sign-in, or a console?): check --endpoint and proxies: %w", state, HeadKey, err)
	}
	if err != nil {
		return Head{}, fmt.Errorf("read %s/%s: %w", state, HeadKey, orRepair(err, state))
	}
	return Head{Head: head, ETag: o.ETag, Age: age(o.Info)}, nil
}

// age is how long ago an object was written, by the store's clock: both times
// come from one machine, and in whole seconds, so one is taken off.
func age(info store.Info) time.Duration {
	if info.Now.IsZero() || info.Modified.IsZero() {
		return 0
	}
	return max(0, info.Now.Sub(info.Modified)-time.Second)
}

// ReadManifest reads the manifest at a key and makes sure that it is the site's.
func ReadManifest(ctx context.Context, state store.Store, key, site string) (*manifest.Manifest, error) {
	o, err := state.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	m, err := manifest.Decode(o.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", state, key, orRepair(err, state))
	}
	if keyOf(m) != key {
		return nil, fmt.Errorf("read %s/%s: %w", state, key, orRepair(fmt.Errorf("%w: it is the one of another deploy, %s", manifest.ErrCorrupt, keyOf(m)), state))
	}
	return m, ofSite(state, key, m.Site, site)
}

// keyOf is the key that a manifest belongs to.
func keyOf(m *manifest.Manifest) string {
	if m.Delta {
		return PlanKey(m.Sequence)
	}
	return ManifestKey(m.Sequence)
}

// ReadSums calls f for the sum of each live file of the manifest at a key, and makes
// sure that it is the site's.
func ReadSums(ctx context.Context, state store.Store, key, site string, f func(store.Sum)) error {
	o, err := state.Get(ctx, key)
	if err != nil {
		return err
	}
	found, err := manifest.DecodeSums(o.Body, f)
	if err != nil {
		return fmt.Errorf("read %s/%s: %w", state, key, orRepair(err, state))
	}
	return ofSite(state, key, found, site)
}

func ofSite(state store.Store, key, found, site string) error {
	if site != "" && found != "" && found != site {
		return fmt.Errorf("read %s/%s: it is the manifest of the site %q, not of %q", state, key, found, site)
	}
	return nil
}

// Repair is what to do about a state that can't be read.
func Repair(state store.Store) string {
	return fmt.Sprintf("restore it from a backup or an older version of the object, or delete %s/%s to start anew: the next deploy then takes over what is there and is the same", state, HeadKey)
}

// orRepair adds to an error about damaged state what to do about it.
func orRepair(err error, state store.Store) error {
	if errors.Is(err, manifest.ErrCorrupt) {
		return fmt.Errorf("%w; %s", err, Repair(state))
	}
	return err
}

// ErrNoRelease says that nothing was ever deployed, or that the release asked
// for is not among those that are kept.
var ErrNoRelease = errors.New("no such release is kept at the destination")

// noReleaseError is an ErrNoRelease in words of its own.
type noReleaseError string

func (e noReleaseError) Error() string { return string(e) }

func (noReleaseError) Is(target error) bool { return target == ErrNoRelease }

// NothingAt is the ErrNoRelease of a destination that nothing was ever deployed to.
func NothingAt(site store.Store) error {
	return noReleaseError("nothing was deployed to " + site.String() + " yet")
}

// Releases are the live release and those before it, newest first.
func (h Head) Releases() []manifest.Live {
	if h.Live == nil {
		return nil
	}
	return append([]manifest.Live{*h.Live}, h.History...)
}

// Find returns the newest deploy of a release; 0 is the one before the live one,
// where those that changed nothing do not count.
func (h Head) Find(release int64) (manifest.Live, error) {
	for _, r := range h.Releases() {
		if (release != 0 && r.Release == release) || (release == 0 && r.Manifest != h.Live.Manifest) {
			return r, nil
		}
	}
	if h.Live == nil {
		return manifest.Live{}, noReleaseError("nothing was deployed there yet")
	}
	if release == 0 {
		return manifest.Live{}, noReleaseError("there is no release before the live one to go back to")
	}
	return manifest.Live{}, noReleaseError(fmt.Sprintf("release %d: no such release is kept at the destination; pressrun releases list shows those that are", release))
}
