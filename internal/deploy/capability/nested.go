package capability

import (
	"context"
	"errors"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// These keys differ from those of the other tests: a deploy that dies may leave one behind,
// which must not be in their way.
const (
	nestedKey = "-nested"
	below     = "/below"
)

// nested writes a key and one below it, in both orders: a store on a file system refuses
// the second, or loses the first.
func (p probe) nested(ctx context.Context) (ok bool, err error) {
	p.key += nestedKey
	if err := p.clean(ctx); err != nil {
		return false, err // clean deletes the keys of a deploy that died
	}
	for _, keys := range [][2]string{{p.key, p.key + below}, {p.key + below, p.key}} {
		if ok, err = p.beside(ctx, keys[0], keys[1]); err != nil || !ok {
			return false, errors.Join(err, p.clean(ctx))
		}
		if err := p.clean(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// freed writes a key below one that was just deleted.
func (p probe) freed(ctx context.Context) (ok bool, err error) {
	p.key += nestedKey
	if err := p.clean(ctx); err != nil {
		return false, err
	}
	if err := p.write(ctx, p.key); err != nil {
		return false, err
	}
	if err := p.clean(ctx); err != nil {
		return false, err
	}
	ok, err = p.accepts(ctx, p.key+below)
	return ok, errors.Join(err, p.clean(ctx))
}

// beside says whether both keys can exist.
func (p probe) beside(ctx context.Context, first, second string) (ok bool, err error) {
	if err := p.write(ctx, first); err != nil {
		return false, err
	}
	if ok, err = p.accepts(ctx, second); err != nil || !ok {
		return false, err
	}
	_, err = p.store.Stat(ctx, first)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// accepts says whether the store takes a write that only another key could prevent.
func (p probe) accepts(ctx context.Context, key string) (ok bool, err error) {
	err = p.write(ctx, key)
	switch {
	case context.Cause(ctx) != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, store.ErrUnreachable), errors.Is(err, manifest.ErrLeaseLost):
		return false, err // it may take it another time
	}
	return err == nil, nil
}

func (p probe) write(ctx context.Context, key string) error {
	return p.put(ctx, store.SmallPut(key, store.CheckHeaders("one"), []byte("can a key be another's folder?\n"), store.Condition{}))
}

func (p probe) clean(ctx context.Context) error {
	return errors.Join(p.store.Delete(ctx, []store.Deletion{{Key: p.key}, {Key: p.key + below}})...)
}
