package view

import (
	"context"
	"errors"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// cdnPending tells that the CDN may still show what the newest live release has
// replaced; "" when it does not, or when nothing is known of a CDN. Older
// releases need no look: the next one finishes what they left.
func cdnPending(ctx context.Context, s *ledger.Snapshot, site release.Site) (string, error) {
	number := site.NowLive().Number
	if number == 0 {
		return "", nil
	}
	live, err := s.Release(ctx, site.Name, number)
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nil
	}
	return pendingWords(live), err
}

// pendingWords are "" when nothing is pending.
func pendingWords(r ledger.Release) string {
	m := Release{Release: r}.Measured()
	if m == nil || m.Edge == nil || m.Edge.State != api.EdgePending {
		return ""
	}
	return m.Edge.Words()
}
