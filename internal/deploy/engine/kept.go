package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

// kept is an earlier release, put together again from what the destination still
// has of it.
type kept struct {
	dest    deploy.Destination
	site    string
	release deploy.Live

	manifest *deploy.Manifest // nil until it is read
	missing  func(deploy.Entry) error

	mu       sync.Mutex
	versions map[string]string // those that find found to be there, by path
}

func (k *kept) read(ctx context.Context) (deploy.Tree, error) {
	if k.manifest == nil {
		m, err := history.ReadManifest(ctx, k.dest.State, history.ManifestKey(k.release.Manifest), k.site)
		if errors.Is(err, deploy.ErrNotFound) { // tidied away: the head remembers more than is kept
			return deploy.Tree{}, fmt.Errorf("release %d is no longer kept, so %s: %w", k.release.Release, instead(k.release), history.ErrNoRelease)
		}
		if err != nil {
			return deploy.Tree{}, fmt.Errorf("read the release to go back to: %w", err)
		}
		k.manifest = m
	}
	var tree deploy.Tree
	for _, e := range k.manifest.Entries {
		tree.Files = append(tree.Files, deploy.File{Path: e.Path, Size: e.Size, Sum: e.Sum, CRC: e.CRC, Origin: e.Origin, Redirect: deploy.LeadsOn(e.Headers)})
	}
	return tree, nil
}

// HeadersFor gives the headers that the release had.
func (k *kept) HeadersFor(path string) (deploy.Headers, error) {
	e, ok := k.manifest.Find(path)
	if !ok {
		return "", fmt.Errorf("the release to put in place has no %s", path)
	}
	return e.Headers, nil
}

// find tells, before the first write, whether an entry's content is there: as the
// version that the release wrote, else among what is kept by hash.
func (k *kept) find(ctx context.Context, entry deploy.Entry) (there bool, err error) {
	then, _ := k.manifest.Find(entry.Path)
	store, ok := k.dest.Site.(deploy.Versioner)
	var unread error
	if then.Version != "" && ok {
		info, err := store.StatVersion(ctx, entry.Path, then.Version)
		switch {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case err == nil && info.Size == entry.Size && (!info.HasCRC || info.CRC == entry.CRC):
			k.found(entry.Path, then.Version)
			return true, nil
		case err != nil && !errors.Is(err, deploy.ErrNotFound):
			unread = err
		}
	}
	err = deploy.ErrNotFound
	if k.dest.KeptPrefix != "" {
		_, err = k.dest.Keeper().Stat(ctx, keptKey(k.dest.KeptPrefix, entry.Sum))
	}
	switch {
	case !errors.Is(err, deploy.ErrNotFound):
		return err == nil, err
	case unread != nil:
		return false, fmt.Errorf("%w (s3:GetObjectVersion is needed)", unread)
	}
	return false, nil
}

func (k *kept) found(path, version string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.versions == nil {
		k.versions = map[string]string{}
	}
	k.versions[path] = version
}

func (k *kept) put(ctx context.Context, site deploy.Store, entry *deploy.Entry, cond deploy.Condition) (deploy.Written, error) {
	k.mu.Lock()
	version := k.versions[entry.Path]
	k.mu.Unlock()
	c := deploy.Copy{Key: entry.Path, Headers: entry.Headers, If: cond, From: keptKey(k.dest.KeptPrefix, entry.Sum), FromStore: k.dest.Kept, Size: entry.Size}
	if version != "" {
		c.From, c.FromStore, c.FromVersion = entry.Path, nil, version
	}
	return site.Copy(ctx, c)
}

func (*kept) sends() bool { return false }

func keptKey(prefix string, sum deploy.Sum) string { return prefix + sum.String() }

// instead is what to do about a release that is not kept.
func instead(release deploy.Live) string {
	if release.Commit == "" {
		return "build and deploy it anew"
	}
	return "build and deploy its commit " + release.Commit
}
