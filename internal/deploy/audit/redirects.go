package audit

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/redirectsync"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Redirects compares a redirect store's content with the live release.
func Redirects(ctx context.Context, dest store.Destination, from redirect.Store, site string) (redirect.Audit, error) {
	_, m, err := history.ReadLive(ctx, dest, site)
	if err != nil {
		return redirect.Audit{}, err
	}
	note, err := redirectsync.ReadNote(ctx, dest.State)
	if err != nil {
		return redirect.Audit{}, err
	}
	held, version, err := redirectsync.Held(ctx, from)
	if err != nil {
		return redirect.Audit{}, fmt.Errorf("look at the redirects: %w", err)
	}
	untouched := note == redirectsync.Note{Store: from.String(), Version: version, Digest: redirect.Digest(m, from.Limits())}
	a := redirect.NewAudit(m, held, from.Limits(), untouched)
	a.Store = from.String()
	if untouched && !a.Clean() {
		return a, fmt.Errorf("%s is as the last deploy left it, and its keys are below another public address: name the one that the deploys name (--public-url)", from)
	}
	return a, nil
}
