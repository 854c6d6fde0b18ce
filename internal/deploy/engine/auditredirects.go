package engine

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// AuditRedirects compares what a redirect store holds with the live release.
func AuditRedirects(ctx context.Context, dest store.Destination, store redirect.Store, site string) (redirect.Audit, error) {
	head, err := history.ReadHead(ctx, dest.State, site)
	if err != nil {
		return redirect.Audit{}, err
	}
	if head.Live == nil {
		return redirect.Audit{}, history.NothingAt(dest.Site)
	}
	m, err := history.ReadManifest(ctx, dest.State, history.ManifestKey(head.Live.Manifest), site)
	if err != nil {
		return redirect.Audit{}, err
	}
	note, err := readRedirectsNote(ctx, dest.State)
	if err != nil {
		return redirect.Audit{}, err
	}
	held, version, err := heldNow(ctx, store)
	if err != nil {
		return redirect.Audit{}, fmt.Errorf("look at the redirects: %w", err)
	}
	untouched := note == redirectsNote{store.String(), version, redirect.Digest(m, store.Limits())}
	a := redirect.NewAudit(m, held, store.Limits(), untouched)
	a.Store = store.String()
	if untouched && !a.Clean() {
		return a, fmt.Errorf("%s is as the last deploy left it, and has none of the keys looked for: name the public address that the deploys name (--public-url)", store)
	}
	return a, nil
}

// heldNow is what a store holds, all of one version.
func heldNow(ctx context.Context, store redirect.Store) (held map[string]string, version string, err error) {
	for range redirectTries {
		if version, _, err = store.Version(ctx); err != nil {
			return nil, "", err
		}
		if held, err = store.Read(ctx); err != nil {
			return nil, "", err
		}
		after, _, err := store.Version(ctx)
		if err != nil {
			return nil, "", err
		}
		if after == version {
			return held, version, nil
		}
	}
	return nil, "", fmt.Errorf("%s changes all the time: somebody else writes to it", store)
}
