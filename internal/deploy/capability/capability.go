// Package capability finds out which of S3's capabilities a store lacks.
package capability

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// The keys that probes write: in the state, and in a public bucket whose state is in
// another one.
const (
	stateKey = "probe"
	siteKey  = ".pressrun-probe"
)

// noETag is an ETag that no object has.
const noETag = `"0123456789abcdef0123456789abcdef"`

// Find finds the missing capabilities of a destination's store by using each of them, since
// a store's own statements are not reliable. valid is called before each write. tried is
// the address of the store that was probed last, for people.
func Find(ctx context.Context, dest store.Destination, valid func() error) (missing []store.MissingCapability, tried string, err error) {
	p := probe{dest.State, stateKey, valid}
	found, err := p.conditions(ctx)
	site, folder := siteProbe(dest, valid)
	if missing = append(missing, found...); err == nil && site.key == siteKey {
		found, err = site.conditions(ctx)
		missing = append(missing, found...)
	}
	if err == nil && !folder { // a folder is known to keep no headers
		found, err = site.content(ctx)
		missing = append(missing, found...)
	}
	if err != nil {
		return nil, "", fmt.Errorf("find out what the store can do: %w", err)
	}
	slices.Sort(missing)
	return slices.Compact(missing), site.store.String(), nil
}

// siteProbe is the probe of the site's own store; under the state's prefix, if that is in
// the same store.
func siteProbe(dest store.Destination, valid func() error) (p probe, folder bool) {
	_, folder = dest.Site.(store.Stager)
	if dest.StatePrefix == "" && !folder {
		return probe{dest.Site, siteKey, valid}, folder
	}
	return probe{dest.State, stateKey, valid}, folder
}

// Nests says whether a key of the destination's store can be another key's folder ("news"
// and "news/index.html"). valid is called before each write.
func Nests(ctx context.Context, dest store.Destination, valid func() error) (nests bool, err error) {
	p, folder := siteProbe(dest, valid)
	if folder {
		return false, nil
	}
	if nests, err = p.nested(ctx); err != nil {
		return false, fmt.Errorf("find out what the store can do: %w", err)
	}
	return nests, nil
}

// Frees says whether a key of the destination's store can be the folder that a deleted key
// was in the way of, where no key can be another's folder: in a bucket with versions, a
// deleted object may stay in the way. valid is called before each write.
func Frees(ctx context.Context, dest store.Destination, valid func() error) (frees bool, err error) {
	p, folder := siteProbe(dest, valid)
	if folder {
		return true, nil
	}
	if frees, err = p.freed(ctx); err != nil {
		return false, fmt.Errorf("find out whether the store frees the place of a deleted file: %w", err)
	}
	return frees, nil
}

// probe tests one store.
type probe struct {
	store store.Store
	key   string
	valid func() error
}

func (p probe) put(ctx context.Context, put store.Put) error {
	if err := p.valid(); err != nil {
		return err
	}
	_, err := p.store.Put(ctx, put)
	return err
}

// conditions tests the conditional writes and deletes that keep two deploys apart.
func (p probe) conditions(ctx context.Context) (missing []store.MissingCapability, err error) {
	absent := store.SmallPut(p.key, store.CheckHeaders("one"), []byte("is a conditional write refused?\n"), store.Condition{IfAbsent: true})
	if err := p.put(ctx, absent); err != nil && !errors.Is(err, store.ErrPrecondition) {
		return nil, err
	}
	other := absent
	other.If = store.Condition{IfMatch: noETag}
	for _, try := range []struct {
		put     store.Put
		missing store.MissingCapability
	}{{absent, store.MissingIfAbsent}, {other, store.MissingIfMatch}} {
		switch err := p.put(ctx, try.put); {
		case err == nil:
			missing = append(missing, try.missing)
		case !errors.Is(err, store.ErrPrecondition):
			return nil, err
		}
	}
	err = p.store.Delete(ctx, []store.Deletion{{Key: p.key, ETag: noETag}})[0]
	if err == nil {
		missing = append(missing, store.MissingDeleteIfMatch)
	} else if !errors.Is(err, store.ErrPrecondition) {
		return nil, err
	}
	return missing, p.store.Delete(ctx, []store.Deletion{{Key: p.key}})[0]
}

// content tests which properties a store keeps with a file, and its copies.
func (p probe) content(ctx context.Context) (missing []store.MissingCapability, err error) {
	put := store.SmallPut(p.key, store.CheckHeaders("one"), []byte("what is kept with a file?\n"), store.Condition{})
	damaged := put
	damaged.CRC++
	if err := p.put(ctx, damaged); err == nil {
		missing = append(missing, store.MissingChecksums)
	}
	if err := p.put(ctx, put); err != nil {
		return nil, err
	}
	info, err := p.store.Stat(ctx, p.key)
	if err != nil {
		return nil, err
	}
	missing = append(missing, store.MissingFrom(put, info)...)
	copied := store.CheckHeaders("two")
	_, err = p.store.Copy(ctx, store.Copy{Key: p.key, From: p.key, Headers: copied, If: store.Condition{IfMatch: info.ETag}})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if errors.Is(err, store.ErrUnreachable) {
		return nil, err // it may copy another time
	}
	if err != nil {
		return append(missing, store.MissingCopies), p.store.Delete(ctx, []store.Deletion{{Key: p.key}})[0]
	}
	after, err := p.store.Stat(ctx, p.key)
	if err != nil {
		return nil, err
	}
	for name, old := range info.Headers.All() {
		if want := copied.Get(name); want != old && after.Headers.Get(name) != want {
			missing = append(missing, store.MissingCopyHeaders)
			break
		}
	}
	return missing, p.store.Delete(ctx, []store.Deletion{{Key: p.key}})[0]
}
