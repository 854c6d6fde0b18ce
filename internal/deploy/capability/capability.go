// Package capability finds out which of S3's capabilities a store lacks.
package capability

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// The keys that are tried: in the state, and in a public bucket whose state lies
// elsewhere.
const (
	stateKey = "probe"
	siteKey  = ".pressrun-probe"
)

// noETag is the ETag of nothing.
const noETag = `"0123456789abcdef0123456789abcdef"`

// Find tries, once for a destination, what its store can't do that S3 can: by doing it, since a store's
// own statements are not reliable. valid is asked before each write. The store that was tried last is
// named for people.
func Find(ctx context.Context, dest store.Destination, valid func() error) (missing []store.MissingCapability, tried string, err error) {
	t := trial{dest.State, stateKey, valid}
	found, err := t.conditions(ctx)
	site, folder := ofSite(dest, valid)
	if missing = append(missing, found...); err == nil && site.key == siteKey {
		found, err = site.conditions(ctx)
		missing = append(missing, found...)
	}
	if err == nil && !folder { // a folder keeps no headers, and says so
		found, err = site.content(ctx)
		missing = append(missing, found...)
	}
	if err != nil {
		return nil, "", fmt.Errorf("find out what the store can do: %w", err)
	}
	slices.Sort(missing)
	return slices.Compact(missing), site.store.String(), nil
}

// ofSite tries the store that the site's own files are in, if only under the state's
// prefix.
func ofSite(dest store.Destination, valid func() error) (t trial, folder bool) {
	_, folder = dest.Site.(store.Stager)
	if dest.StatePrefix == "" && !folder {
		return trial{dest.Site, siteKey, valid}, folder
	}
	return trial{dest.State, stateKey, valid}, folder
}

// Nests finds out, once for a destination, whether a key of its store can be another's
// folder. A folder's can't, which needs no try.
func Nests(ctx context.Context, dest store.Destination, valid func() error) (nests bool, err error) {
	t, folder := ofSite(dest, valid)
	if folder {
		return false, nil
	}
	if nests, err = t.nested(ctx); err != nil {
		return false, fmt.Errorf("find out what the store can do: %w", err)
	}
	return nests, nil
}

// Frees finds out whether the store, where no key can be another's folder, lets a key
// be one that was deleted: in a bucket that keeps versions, or did, what is deleted
// may hold its place.
func Frees(ctx context.Context, dest store.Destination, valid func() error) (frees bool, err error) {
	t, folder := ofSite(dest, valid)
	if folder {
		return true, nil
	}
	if frees, err = t.freed(ctx); err != nil {
		return false, fmt.Errorf("find out whether the store gives the place of a deleted file free: %w", err)
	}
	return frees, nil
}

// trial tries one store.
type trial struct {
	store store.Store
	key   string
	valid func() error
}

func (t trial) put(ctx context.Context, put store.Put) error {
	if err := t.valid(); err != nil {
		return err
	}
	_, err := t.store.Put(ctx, put)
	return err
}

// conditions tries the writes that keep two deploys apart.
func (t trial) conditions(ctx context.Context) (missing []store.MissingCapability, err error) {
	absent := store.SmallPut(t.key, store.CheckHeaders("one"), []byte("is a conditional write refused?\n"), store.Condition{IfAbsent: true})
	if err := t.put(ctx, absent); err != nil && !errors.Is(err, store.ErrPrecondition) {
		return nil, err
	}
	other := absent
	other.If = store.Condition{IfMatch: noETag}
	for _, try := range []struct {
		put     store.Put
		missing store.MissingCapability
	}{{absent, store.MissingIfAbsent}, {other, store.MissingIfMatch}} {
		switch err := t.put(ctx, try.put); {
		case err == nil:
			missing = append(missing, try.missing)
		case !errors.Is(err, store.ErrPrecondition):
			return nil, err
		}
	}
	err = t.store.Delete(ctx, []store.Deletion{{Key: t.key, ETag: noETag}})[0]
	if err == nil {
		missing = append(missing, store.MissingDeleteIfMatch)
	} else if !errors.Is(err, store.ErrPrecondition) {
		return nil, err
	}
	return missing, t.store.Delete(ctx, []store.Deletion{{Key: t.key}})[0]
}

// content tries which properties a store keeps with a file.
func (t trial) content(ctx context.Context) (missing []store.MissingCapability, err error) {
	put := store.SmallPut(t.key, store.CheckHeaders("one"), []byte("what is kept with a file?\n"), store.Condition{})
	damaged := put
	damaged.CRC++
	if err := t.put(ctx, damaged); err == nil {
		missing = append(missing, store.MissingChecksums)
	}
	if err := t.put(ctx, put); err != nil {
		return nil, err
	}
	info, err := t.store.Stat(ctx, t.key)
	if err != nil {
		return nil, err
	}
	missing = append(missing, store.MissingFrom(put, info)...)
	copied := store.CheckHeaders("two")
	_, err = t.store.Copy(ctx, store.Copy{Key: t.key, From: t.key, Headers: copied, If: store.Condition{IfMatch: info.ETag}})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if errors.Is(err, store.ErrUnreachable) {
		return nil, err // it may copy another time
	}
	if err != nil {
		return append(missing, store.MissingCopies), t.store.Delete(ctx, []store.Deletion{{Key: t.key}})[0]
	}
	after, err := t.store.Stat(ctx, t.key)
	if err != nil {
		return nil, err
	}
	for name, old := range info.Headers.All() {
		if want := copied.Get(name); want != old && after.Headers.Get(name) != want {
			missing = append(missing, store.MissingCopyHeaders)
			break
		}
	}
	return missing, t.store.Delete(ctx, []store.Deletion{{Key: t.key}})[0]
}
