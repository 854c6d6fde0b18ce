package retention

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/retention"
)

// Histories are what Plan needs of a ledger.Retention.
type Histories interface {
	Sites(ctx context.Context) ([]string, error)
	History(ctx context.Context, site string) (ledger.History, error)
}

// Plan tells how much history is kept, and how much a pass would remove now. It removes
// nothing.
func Plan(ctx context.Context, from Histories, p retention.Policy, folder string) (api.Retention, error) {
	const day = 24 * time.Hour
	out := api.Retention{
		Days: int(p.For / day), Releases: p.Releases, HookDays: int(p.HooksFor / day), Export: folder, Sites: []api.RetentionOfSite{},
	}
	names, err := from.Sites(ctx)
	if err != nil {
		return out, err
	}
	for _, name := range names {
		h, err := from.History(ctx, name)
		if err != nil {
			return out, err
		}
		out.Sites = append(out.Sites, ofSite(name, h, p))
	}
	return out, nil
}

func ofSite(name string, h ledger.History, p retention.Policy) api.RetentionOfSite {
	one := api.RetentionOfSite{Site: name, Kept: h.Kept}
	if gone := h.Site.Removed; gone.Release > 0 {
		one.Removed = &api.Removed{Release: gone.Release, Before: gone.Before.UTC(), At: gone.At.UTC()}
	}
	next, ok := retention.Decide(h.Site, h.Oldest, h.Kept, p, ledger.Now())
	if !ok {
		return one
	}
	one.Next = &api.Removal{Release: next.Release, Requests: next.Place - h.Site.Removed.Place}
	for _, r := range h.Oldest {
		if r.Number <= next.Release {
			one.Next.Releases++
		}
	}
	return one
}
