package view

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/words"
)

// cdnPending tells that the CDN may still show what the newest live release has
// replaced; "" when it does not, or when nothing is known of a CDN. Older
// releases need no look: the next one finishes what they left.
func cdnPending(ctx context.Context, s *ledger.Snapshot, site Site) (string, error) {
	number := site.NowLive().Number
	if number == 0 {
		return "", nil
	}
	live, err := s.Release(ctx, site.Name, number)
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nil
	}
	return pendingWords(site.Language, live), err
}

// pendingWords are "" when nothing is pending.
func pendingWords(l words.Language, r ledger.Release) string {
	m := Release{Release: r}.Measured()
	if m == nil || m.Edge == nil || m.Edge.State != api.EdgePending {
		return ""
	}
	return EdgeWords(l, *m.Edge)
}

// EdgeWords are what became of the CDN, as api.Edge says it in English.
func EdgeWords(l words.Language, e api.Edge) string {
	name := cmp.Or(e.CDN, l.Say("the CDN"))
	switch e.State {
	case api.EdgePending:
		if e.Why != "" {
			return l.Say("Live at the origin, edge pending: %s may still show what was replaced (%s). \"pressrun invalidate\" or the next release finishes it.", name, e.Why)
		}
		return l.Say("Live at the origin, edge pending: %s may still show what was replaced. \"pressrun invalidate\" or the next release finishes it.", name)
	case api.EdgeCurrent:
		return l.Say("Live everywhere: %s held nothing that changed.", name)
	case api.EdgePurged:
		took := time.Duration(e.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		return l.Say("Live everywhere: %s was told to forget %d items, in %s.", name, e.Purged, took)
	}
	return ""
}
