package content

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Kept is a release whose content the destination keeps: an earlier one, or one that shards
// have sent.
type Kept struct {
	// Missing makes the error for an entry whose content is not kept.
	Missing func(manifest.Entry) error

	dest     store.Destination
	site     string
	release  manifest.Live
	manifest *manifest.Manifest // nil until it is read

	mu       sync.Mutex
	versions map[string]string // that Find has found, by path
}

// NewKept is an earlier release.
func NewKept(dest store.Destination, site string, release manifest.Live) *Kept {
	return &Kept{dest: dest, site: site, release: release, Missing: func(e manifest.Entry) error {
		return fmt.Errorf("release %d can't be put back, since the content of %s is no longer kept: %s", release.Release, e.Path, instead(release))
	}}
}

// NewStaged is a release whose content shards have sent.
func NewStaged(dest store.Destination, site string, next *manifest.Manifest, missing func(manifest.Entry) error) *Kept {
	return &Kept{dest: dest, site: site, manifest: next, Missing: missing}
}

// Read reads the files of the release from its manifest.
func (k *Kept) Read(ctx context.Context) (manifest.Tree, error) {
	if k.manifest == nil {
		m, err := history.ReadManifest(ctx, k.dest.State, history.ManifestKey(k.release.Manifest), k.site)
		if errors.Is(err, store.ErrNotFound) { // the head lists more releases than are kept
			return manifest.Tree{}, fmt.Errorf("release %d is no longer kept, so %s: %w", k.release.Release, instead(k.release), history.ErrNoRelease)
		}
		if err != nil {
			return manifest.Tree{}, fmt.Errorf("read the release to go back to: %w", err)
		}
		k.manifest = m
	}
	var tree manifest.Tree
	for _, e := range k.manifest.Entries {
		tree.Files = append(tree.Files, manifest.File{Path: e.Path, Size: e.Size, Sum: e.Sum, CRC: e.CRC, Origin: e.Origin, Redirect: redirect.IsRedirect(e.Headers)})
	}
	return tree, nil
}

// Headers are the headers that the release had.
func (k *Kept) Headers(path string, _ rules.Rules) (store.Headers, error) {
	e, ok := k.manifest.Find(path)
	if !ok {
		return "", fmt.Errorf("release %d has no file %s", k.manifest.Release, path)
	}
	return e.Headers, nil
}

// Find looks for an entry's content, before the first write: as the version that the
// release wrote, else in the content kept by hash.
func (k *Kept) Find(ctx context.Context, entry manifest.Entry) (found bool, err error) {
	then, _ := k.manifest.Find(entry.Path)
	st, ok := k.dest.Site.(store.Versioner)
	var unread error
	if then.Version != "" && ok {
		info, err := st.StatVersion(ctx, entry.Path, then.Version)
		switch {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case err == nil && info.Size == entry.Size && (!info.HasCRC || info.CRC == entry.CRC):
			k.found(entry.Path, then.Version)
			return true, nil
		case err != nil && !errors.Is(err, store.ErrNotFound):
			unread = err
		}
	}
	err = store.ErrNotFound
	if k.dest.KeptPrefix != "" {
		var info store.Info
		info, err = k.dest.KeptStore().Stat(ctx, KeptKey(k.dest.KeptPrefix, entry.Sum))
		if err == nil && (info.Size != entry.Size || (info.HasCRC && info.CRC != entry.CRC)) {
			return false, nil // it is damaged
		}
	}
	switch {
	case !errors.Is(err, store.ErrNotFound):
		return err == nil, err
	case unread != nil:
		return false, fmt.Errorf("%w (s3:GetObjectVersion is needed)", unread)
	}
	return false, nil
}

func (k *Kept) found(path, version string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.versions == nil {
		k.versions = map[string]string{}
	}
	k.versions[path] = version
}

// Put copies an entry's content to its place.
func (k *Kept) Put(ctx context.Context, site store.Store, entry *manifest.Entry, cond store.Condition) (store.Written, error) {
	k.mu.Lock()
	version := k.versions[entry.Path]
	k.mu.Unlock()
	c := store.Copy{Key: entry.Path, Headers: entry.Headers, If: cond, From: KeptKey(k.dest.KeptPrefix, entry.Sum), FromStore: k.dest.Kept, Size: entry.Size}
	if version != "" {
		c.From, c.FromStore, c.FromVersion = entry.Path, nil, version
	}
	return site.Copy(ctx, c)
}

// Sends is false: the store copies.
func (*Kept) Sends() bool { return false }

// KeptKey is the key of kept content, by its hash.
func KeptKey(prefix string, sum store.Sum) string { return prefix + sum.String() }

// instead is the advice for a release that is not kept.
func instead(release manifest.Live) string {
	if release.Commit == "" {
		return "build and deploy it anew"
	}
	return "build and deploy its commit " + release.Commit
}
