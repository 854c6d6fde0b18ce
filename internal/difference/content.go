package difference

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// maxPage is the size of the largest page whose text is shown, in bytes, compressed and not.
const maxPage = 2 << 20

// content reads a file as a browser gets it. missing is the reason for no content
// (api.TextNotKept, api.TextTooLarge, api.TextUnreadable); errors are the store's.
func (r Releases) content(ctx context.Context, e *manifest.Entry) (body []byte, missing string, err error) {
	if e.Size > maxPage {
		return nil, api.TextTooLarge, nil
	}
	body, err = r.stored(ctx, e)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, api.TextNotKept, nil
	case err != nil:
		return nil, "", fmt.Errorf("read %s as it was released: %w", e.Path, err)
	}
	switch e.Headers.Get(rules.EncodingHeader) {
	case "":
		return body, "", nil
	case rules.EncodingGzip:
	default:
		return nil, api.TextUnreadable, nil
	}
	plain, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(plain, maxPage+1))
	}
	switch {
	case err != nil:
		return nil, api.TextUnreadable, nil //nolint:nilerr // the site published it so
	case len(body) > maxPage:
		return nil, api.TextTooLarge, nil
	}
	return body, "", nil
}

// stored finds the stored bytes of a file. store.ErrNotFound: they are not kept.
func (r Releases) stored(ctx context.Context, e *manifest.Entry) ([]byte, error) {
	if r.Dest.KeptPrefix != "" {
		body, err := readExact(ctx, r.Dest.KeptStore(), content.KeptKey(r.Dest.KeptPrefix, e.Sum), e)
		if !errors.Is(err, store.ErrNotFound) {
			return body, err
		}
	}
	body, err := readExact(ctx, r.Dest.Site, e.Path, e)
	versions, ok := r.Dest.Site.(store.Versioner)
	if !errors.Is(err, store.ErrNotFound) || e.Version == "" || !ok {
		return body, err
	}
	o, err := versions.GetVersion(ctx, e.Path, e.Version)
	if err == nil && sha256.Sum256(o.Body) != e.Sum {
		err = store.ErrNotFound
	}
	return o.Body, err
}

// readExact reads a key. store.ErrNotFound: its content is not the entry's, by hash.
func readExact(ctx context.Context, st store.Store, key string, e *manifest.Entry) ([]byte, error) {
	info, err := st.Stat(ctx, key)
	if err == nil && info.Size != e.Size { // it may be too large to read
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	o, err := st.Get(ctx, key)
	if err == nil && sha256.Sum256(o.Body) != e.Sum {
		err = store.ErrNotFound
	}
	return o.Body, err
}
