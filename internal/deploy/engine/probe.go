package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy"
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
	var lacks []deploy.Lack
	_, folder := d.dest.Site.(deploy.Stager)
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
	d.lease.saw(deploy.StoreSeen{Lacks: lacks})
	return nil
}

// prober tries one store.
type prober struct {
	store deploy.Store
	key   string
	lease *keeper
}

func (p prober) put(ctx context.Context, put deploy.Put) error {
	if err := p.lease.valid(); err != nil {
		return err
	}
	_, err := p.store.Put(ctx, put)
	return err
}

// conditions tries the writes that keep two deploys apart.
func (p prober) conditions(ctx context.Context) (lacks []deploy.Lack, err error) {
	absent := deploy.SmallPut(p.key, deploy.ProbeHeaders("one"), []byte("is a conditional write refused?\n"), deploy.Condition{IfAbsent: true})
	if err := p.put(ctx, absent); err != nil && !errors.Is(err, deploy.ErrPrecondition) {
		return nil, err
	}
	other := absent
	other.If = deploy.Condition{IfMatch: noETag}
	for _, try := range []struct {
		put  deploy.Put
		lack deploy.Lack
	}{{absent, deploy.LackIfAbsent}, {other, deploy.LackIfMatch}} {
		switch err := p.put(ctx, try.put); {
		case err == nil:
			lacks = append(lacks, try.lack)
		case !errors.Is(err, deploy.ErrPrecondition):
			return nil, err
		}
	}
	err = p.store.Delete(ctx, []deploy.Deletion{{Key: p.key, ETag: noETag}})[0]
	if err == nil {
		lacks = append(lacks, deploy.LackDeleteIfMatch)
	} else if !errors.Is(err, deploy.ErrPrecondition) {
		return nil, err
	}
	return lacks, p.store.Delete(ctx, []deploy.Deletion{{Key: p.key}})[0]
}

// content tries what a store keeps with a file.
func (p prober) content(ctx context.Context) (lacks []deploy.Lack, err error) {
	put := deploy.SmallPut(p.key, deploy.ProbeHeaders("one"), []byte("what is kept with a file?\n"), deploy.Condition{})
	damaged := put
	damaged.CRC++
	if err := p.put(ctx, damaged); err == nil {
		lacks = append(lacks, deploy.LackChecksums)
	}
	if err := p.put(ctx, put); err != nil {
		return nil, err
	}
	info, err := p.store.Stat(ctx, p.key)
	if err != nil {
		return nil, err
	}
	lacks = append(lacks, deploy.LacksOf(put, info)...)
	copied := deploy.ProbeHeaders("two")
	_, err = p.store.Copy(ctx, deploy.Copy{Key: p.key, From: p.key, Headers: copied, If: deploy.Condition{IfMatch: info.ETag}})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if errors.Is(err, deploy.ErrUnreachable) {
		return nil, err // it may copy another time
	}
	if err != nil {
		return append(lacks, deploy.LackCopies), p.store.Delete(ctx, []deploy.Deletion{{Key: p.key}})[0]
	}
	after, err := p.store.Stat(ctx, p.key)
	if err != nil {
		return nil, err
	}
	for name, old := range info.Headers.All() {
		if want := copied.Get(name); want != old && after.Headers.Get(name) != want {
			lacks = append(lacks, deploy.LackCopyHeaders)
			break
		}
	}
	return lacks, p.store.Delete(ctx, []deploy.Deletion{{Key: p.key}})[0]
}

// saw notes what was found out, for the next time that the head is written.
func (k *keeper) saw(store deploy.StoreSeen) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.head.Store = &store
}

// lacks tells whether the store was found to lack something.
func (d *run) lacks(what ...deploy.Lack) bool {
	seen := d.head.Store
	if d.lease != nil {
		seen = d.lease.current().Store
	}
	return seen != nil && slices.ContainsFunc(what, func(l deploy.Lack) bool { return slices.Contains(seen.Lacks, l) })
}

// suitStore makes the plan one that the store can carry out, as far as is known of
// it, and sees to it that all it sends is at hand.
func (d *run) suitStore(ctx context.Context) error {
	if d.from.sends() && d.lacks(deploy.LackCopies, deploy.LackCopyHeaders) {
		d.plan.ResendHeaders()
	}
	return d.repack(ctx)
}

// stillOurs leaves out of deletes what is no longer the file that we wrote, where
// the store would delete it all the same.
func (d *run) stillOurs(ctx context.Context, dels []deploy.Deletion) ([]deploy.Deletion, error) {
	if !d.lacks(deploy.LackDeleteIfMatch) {
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
