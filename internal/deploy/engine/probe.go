package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// The keys of probes: in the state, and in a public bucket whose state lies
// elsewhere.
const (
	probeKey     = "probe"
	probeSiteKey = ".pressrun-probe"
)

// noETag is the ETag of nothing.
const noETag = `"0123456789abcdef0123456789abcdef"`

// probe finds out, once for a destination, what its store lacks that S3 has: by
// doing it, since what a store says of itself is not to be relied on.
func (d *run) probe(ctx context.Context) error {
	var lacks []store.MissingCapability
	_, folder := d.dest.Site.(store.Stager)
	p := prober{d.dest.State, probeKey, d.lease}
	found, err := p.conditions(ctx)
	if lacks = append(lacks, found...); err == nil && d.dest.StatePrefix == "" && !folder {
		p.store, p.key = d.dest.Site, probeSiteKey
		found, err = p.conditions(ctx)
		lacks = append(lacks, found...)
	}
	if err == nil && !folder { // a folder keeps no headers, and says so
		found, err = p.content(ctx)
		lacks = append(lacks, found...)
	}
	if err != nil {
		return fmt.Errorf("find out what the store can do: %w", err)
	}
	slices.Sort(lacks)
	lacks = slices.Compact(lacks)
	for _, lack := range lacks {
		d.warn("the store at %s %s", p.store, lack)
	}
	d.lease.saw(store.Capabilities{Lacks: lacks})
	return nil
}

// prober tries one store.
type prober struct {
	store store.Store
	key   string
	lease *keeper
}

func (p prober) put(ctx context.Context, put store.Put) error {
	if err := p.lease.valid(); err != nil {
		return err
	}
	_, err := p.store.Put(ctx, put)
	return err
}

// conditions tries the writes that keep two deploys apart.
func (p prober) conditions(ctx context.Context) (lacks []store.MissingCapability, err error) {
	absent := store.SmallPut(p.key, store.CheckHeaders("one"), []byte("is a conditional write refused?\n"), store.Condition{IfAbsent: true})
	if err := p.put(ctx, absent); err != nil && !errors.Is(err, store.ErrPrecondition) {
		return nil, err
	}
	other := absent
	other.If = store.Condition{IfMatch: noETag}
	for _, try := range []struct {
		put  store.Put
		lack store.MissingCapability
	}{{absent, store.MissingIfAbsent}, {other, store.MissingIfMatch}} {
		switch err := p.put(ctx, try.put); {
		case err == nil:
			lacks = append(lacks, try.lack)
		case !errors.Is(err, store.ErrPrecondition):
			return nil, err
		}
	}
	err = p.store.Delete(ctx, []store.Deletion{{Key: p.key, ETag: noETag}})[0]
	if err == nil {
		lacks = append(lacks, store.MissingDeleteIfMatch)
	} else if !errors.Is(err, store.ErrPrecondition) {
		return nil, err
	}
	return lacks, p.store.Delete(ctx, []store.Deletion{{Key: p.key}})[0]
}

// content tries what a store keeps with a file.
func (p prober) content(ctx context.Context) (lacks []store.MissingCapability, err error) {
	put := store.SmallPut(p.key, store.CheckHeaders("one"), []byte("what is kept with a file?\n"), store.Condition{})
	damaged := put
	damaged.CRC++
	if err := p.put(ctx, damaged); err == nil {
		lacks = append(lacks, store.MissingChecksums)
	}
	if err := p.put(ctx, put); err != nil {
		return nil, err
	}
	info, err := p.store.Stat(ctx, p.key)
	if err != nil {
		return nil, err
	}
	lacks = append(lacks, store.MissingFrom(put, info)...)
	copied := store.CheckHeaders("two")
	_, err = p.store.Copy(ctx, store.Copy{Key: p.key, From: p.key, Headers: copied, If: store.Condition{IfMatch: info.ETag}})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if errors.Is(err, store.ErrUnreachable) {
		return nil, err // it may copy another time
	}
	if err != nil {
		return append(lacks, store.MissingCopies), p.store.Delete(ctx, []store.Deletion{{Key: p.key}})[0]
	}
	after, err := p.store.Stat(ctx, p.key)
	if err != nil {
		return nil, err
	}
	for name, old := range info.Headers.All() {
		if want := copied.Get(name); want != old && after.Headers.Get(name) != want {
			lacks = append(lacks, store.MissingCopyHeaders)
			break
		}
	}
	return lacks, p.store.Delete(ctx, []store.Deletion{{Key: p.key}})[0]
}

// saw notes what was found out, for the next time that the head is written.
func (k *keeper) saw(store store.Capabilities) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.head.Store = &store
}

// lacks tells whether the store was found to lack something.
func (d *run) lacks(what ...store.MissingCapability) bool {
	seen := d.head.Store
	if d.lease != nil {
		seen = d.lease.current().Store
	}
	return seen != nil && slices.ContainsFunc(what, func(l store.MissingCapability) bool { return slices.Contains(seen.Lacks, l) })
}

// suitStore makes the plan one that the store can carry out, as far as is known of
// it, and sees to it that all it sends is at hand.
func (d *run) suitStore(ctx context.Context) error {
	if d.from.sends() && d.lacks(store.MissingCopies, store.MissingCopyHeaders) {
		d.plan.ResendHeaders()
	}
	return d.repack(ctx)
}

// stillOurs leaves out of deletes what is no longer the file that we wrote, where
// the store would delete it all the same.
func (d *run) stillOurs(ctx context.Context, dels []store.Deletion) ([]store.Deletion, error) {
	if !d.lacks(store.MissingDeleteIfMatch) {
		return dels, nil
	}
	paths := make([]string, len(dels))
	for i, del := range dels {
		paths[i] = del.Key
	}
	seen, err := d.look(ctx, paths)
	if err != nil {
		return nil, err
	}
	kept := dels[:0]
	for _, del := range dels {
		if s := seen[del.Key]; !s.Exists || del.ETag == "" || s.ETag == del.ETag {
			kept = append(kept, del)
			continue
		}
		d.warn("%s was changed by someone else, and stays", del.Key)
	}
	return kept, nil
}
