package capability

import (
	"context"
	"errors"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// The keys that are tried are others than those of the other trials: a deploy that dies
// may leave one of them behind, which would be in the way of those.
const (
	nestedKey = "-nested"
	below     = "/below"
)

// nested tries a key and one below it, both ways round: a store on folders refuses the
// second, or loses the first.
func (t trial) nested(ctx context.Context) (ok bool, err error) {
	t.key += nestedKey
	if err := t.clean(ctx); err != nil {
		return false, err // of leftovers of a deploy that died
	}
	for _, keys := range [][2]string{{t.key, t.key + below}, {t.key + below, t.key}} {
		if ok, err = t.beside(ctx, keys[0], keys[1]); err != nil || !ok {
			return false, errors.Join(err, t.clean(ctx))
		}
		if err := t.clean(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// freed tries a key below one that was just deleted.
func (t trial) freed(ctx context.Context) (ok bool, err error) {
	t.key += nestedKey
	if err := t.clean(ctx); err != nil {
		return false, err
	}
	if err := t.write(ctx, t.key); err != nil {
		return false, err
	}
	if err := t.clean(ctx); err != nil {
		return false, err
	}
	ok, err = t.accepts(ctx, t.key+below)
	return ok, errors.Join(err, t.clean(ctx))
}

// beside says whether both keys can be there.
func (t trial) beside(ctx context.Context, first, second string) (ok bool, err error) {
	if err := t.write(ctx, first); err != nil {
		return false, err
	}
	if ok, err = t.accepts(ctx, second); err != nil || !ok {
		return false, err
	}
	_, err = t.store.Stat(ctx, first)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// accepts says whether the store takes a write that only another key could prevent.
func (t trial) accepts(ctx context.Context, key string) (ok bool, err error) {
	err = t.write(ctx, key)
	switch {
	case context.Cause(ctx) != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, store.ErrUnreachable), errors.Is(err, manifest.ErrLeaseLost):
		return false, err // it may take it another time
	}
	return err == nil, nil
}

func (t trial) write(ctx context.Context, key string) error {
	return t.put(ctx, store.SmallPut(key, store.CheckHeaders("one"), []byte("can a key be another's folder?\n"), store.Condition{}))
}

func (t trial) clean(ctx context.Context) error {
	return errors.Join(t.store.Delete(ctx, []store.Deletion{{Key: t.key}, {Key: t.key + below}})...)
}
