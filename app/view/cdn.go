package app

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// edgePending tells, in words, that the CDN may still show what the newest live
// release has replaced; "" when it does not, or when nothing is known of a CDN.
// Older releases need no look: the next one finishes what they left.
func (a *App) edgePending(ctx context.Context, site release.Site) (string, error) {
	number := site.Live.Number
	if site.Current.Outcome == release.Succeeded {
		number = site.Current.Number
	}
	if number == 0 {
		return "", nil
	}
	live, err := a.ledger.Release(ctx, site.Name, number)
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nil
	}
	return pendingWords(live.Metrics), err
}

// pendingWords are those of a release's metrics, "" when nothing is pending.
func pendingWords(metrics string) string {
	var m api.Metrics
	if metrics == "" || json.Unmarshal([]byte(metrics), &m) != nil || m.Edge == nil || m.Edge.State != api.EdgePending {
		return ""
	}
	return m.Edge.Words()
}
