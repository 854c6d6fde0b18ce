// Package history reads the head and the manifests in a destination's state, and deletes
// those that no kept release needs.
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

// ManifestKey is the key of the manifest that a deploy wrote.
func ManifestKey(sequence int64) string { return fmt.Sprintf("releases/%010d", sequence) }

// PlanKey is the key of the plan that a deploy wrote before its first write to the site.
func PlanKey(sequence int64) string { return ManifestKey(sequence) + ".plan" }

// planSequence is the sequence in a key of PlanKey; false for any other key.
func planSequence(key string) (int64, bool) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(key, "releases/"), ".plan")
	if !ok {
		return 0, false
	}
	sequence, err := strconv.ParseInt(digits, 10, 64)
	return sequence, err == nil && PlanKey(sequence) == key
}

// Plans are the sequences of all kept plans, in order.
func Plans(ctx context.Context, state store.Store) ([]int64, error) {
	var out []int64
	err := state.List(ctx, "releases/", func(info store.Info) error {
		if sequence, ok := planSequence(info.Key); ok {
			out = append(out, sequence)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

// Head is a head with the ETag of its object.
type Head struct {
	manifest.Head
	ETag string        // empty when there is none yet
	Age  time.Duration // since it was written, by the store's clock
}

// webPage matches the start of an HTML page, which no store answers with.
var webPage = regexp.MustCompile(`(?i)^\s*<(!doctype\s+html|html)\b`)

// ReadHead reads the head: the live release and the lease. A destination that was never
// deployed to has an empty head.
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
		return Head{}, fmt.Errorf("read %s/%s: a web page came in place of a store's answer (a sign-in, or a console?): check --endpoint and proxies: %w", state, HeadKey, err)
	}
	if err != nil {
		return Head{}, fmt.Errorf("read %s/%s: %w", state, HeadKey, withRepair(err, state))
	}
	return Head{Head: head, ETag: o.ETag, Age: age(o.Info)}, nil
}

// age is the time since an object was written, by the store's clock. Both times are in
// whole seconds: one second is taken off.
func age(info store.Info) time.Duration {
	if info.Now.IsZero() || info.Modified.IsZero() {
		return 0
	}
	return max(0, info.Now.Sub(info.Modified)-time.Second)
}

// ReadManifest reads the manifest at a key, and makes sure that it is the site's.
func ReadManifest(ctx context.Context, state store.Store, key, site string) (*manifest.Manifest, error) {
	o, err := state.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	m, err := manifest.Decode(o.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", state, key, withRepair(err, state))
	}
	if keyOf(m) != key {
		return nil, fmt.Errorf("read %s/%s: %w", state, key, withRepair(fmt.Errorf("%w: it is another deploy's manifest, %s", manifest.ErrCorrupt, keyOf(m)), state))
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

// readSums calls f for the sum of each live file of the manifest at a key, and makes
// sure that it is the site's.
func readSums(ctx context.Context, state store.Store, key, site string, f func(store.Sum)) error {
	o, err := state.Get(ctx, key)
	if err != nil {
		return err
	}
	found, err := manifest.DecodeSums(o.Body, f)
	if err != nil {
		return fmt.Errorf("read %s/%s: %w", state, key, withRepair(err, state))
	}
	return ofSite(state, key, found, site)
}

func ofSite(state store.Store, key, found, site string) error {
	if site != "" && found != "" && found != site {
		return fmt.Errorf("read %s/%s: it is the manifest of the site %q, not of %q", state, key, found, site)
	}
	return nil
}

// Repair is the advice for a state that can't be read.
func Repair(state store.Store) string {
	return fmt.Sprintf("restore it from a backup or an older version of the object, or delete %s/%s to start anew: the next deploy then takes over what is there and is the same", state, HeadKey)
}

// withRepair adds the advice of Repair to an error about damaged state.
func withRepair(err error, state store.Store) error {
	if errors.Is(err, manifest.ErrCorrupt) {
		return fmt.Errorf("%w; %s", err, Repair(state))
	}
	return err
}

// ErrNoRelease says that nothing was ever deployed, or that the release is not kept.
var ErrNoRelease = errors.New("no such release is kept at the destination")

// noReleaseError is an ErrNoRelease with its own text.
type noReleaseError string

func (e noReleaseError) Error() string { return string(e) }

func (noReleaseError) Is(target error) bool { return target == ErrNoRelease }

// NeverDeployed is the ErrNoRelease for a destination that was never deployed to.
func NeverDeployed(site store.Store) error {
	return noReleaseError("nothing was deployed to " + site.String() + " yet")
}

// ReadLive reads the head and the manifest of the live release. ErrNoRelease says that the
// destination was never deployed to.
func ReadLive(ctx context.Context, dest store.Destination, site string) (Head, *manifest.Manifest, error) {
	head, err := ReadHead(ctx, dest.State, site)
	if err != nil {
		return head, nil, err
	}
	if head.Live == nil {
		return head, nil, NeverDeployed(dest.Site)
	}
	m, err := ReadManifest(ctx, dest.State, ManifestKey(head.Live.Manifest), site)
	return head, m, err
}

// Releases are the live release and those before it, newest first.
func (h Head) Releases() []manifest.Live {
	if h.Live == nil {
		return nil
	}
	return append([]manifest.Live{*h.Live}, h.History...)
}

// Find returns the newest deploy of a release; 0 is the release before the live one, not
// counting deploys that changed nothing.
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
