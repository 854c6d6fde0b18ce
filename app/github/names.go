package github

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
)

// namesEvery is how often GitHub is asked for the names of the sites' repositories
// without a hint that one changed.
const namesEvery = time.Hour

// names notices that a site's repository was renamed or transferred: no release may be
// dispatched there until the configuration has its new name, since another owner may take
// the old one.
type names struct {
	connection *connection
	ledger     *ledger.Ledger
	log        *slog.Logger
	hint       chan struct{} // a name may have changed

	mu    sync.Mutex
	moved map[string]string // by site: why it can't be released
}

// of says why a site can't be released because its repository was renamed; "" if it can.
func (n *names) of(site string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.moved[site]
}

// hear takes a webhook about a repository: if it is a site's, it is a hint to look.
func (n *names) hear(hook githubapp.Webhook) {
	to := n.connection.link.Load()
	if to == nil || hook.WasCalled == "" || len(to.runner.Sites().Of(hook.WasCalled, "")) == 0 {
		return
	}
	n.look()
}

func (n *names) look() {
	select {
	case n.hint <- struct{}{}:
	default:
	}
}

// sitesOf are the sites that a webhook about a run concerns: those of its repository or,
// after a rename, those whose release the run carries out. The ids of runs are unique at
// GitHub.
func (n *names) sitesOf(ctx context.Context, to *link, hook githubapp.Webhook) ([]string, error) {
	all := to.runner.Sites()
	found := all.Of(hook.Repository, hook.Workflow)
	if len(found) > 0 || hook.Run.ID == "" {
		return found, nil
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if hook.Workflow != "" && hook.Workflow != all[name].Workflow {
			continue
		}
		site, err := n.ledger.Site(ctx, name)
		if err != nil {
			return nil, err
		}
		if cur := site.Current; cur.Run.ID == hook.Run.ID || cur.Run.ID == "" && githubapp.HasToken(hook.Title, cur.Dispatch.Token) {
			found = append(found, name)
			n.look()
		}
	}
	return found, nil
}

// watch looks for new names from time to time, and at each hint.
func (n *names) watch(ctx context.Context) {
	tick := time.NewTicker(namesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.hint:
		case <-tick.C:
		}
		n.check(ctx)
	}
}

// check asks GitHub for the names, and records each change once.
func (n *names) check(ctx context.Context) {
	to := n.connection.link.Load()
	if to == nil {
		return
	}
	for _, site := range slices.Sorted(maps.Keys(to.runner.Sites())) {
		why, err := to.runner.Moved(ctx, site)
		if err != nil {
			if ctx.Err() == nil {
				n.log.Warn("GitHub can't be asked for a repository's name", "site", site, "error", err)
			}
			continue
		}
		if why == n.of(site) {
			continue
		}
		e := ledger.Event{Site: site, Kind: api.EventRepository, Why: why}
		if why == "" {
			e.Why = to.runner.Sites()[site].Repository + " has its name again"
		}
		if err := n.ledger.Record(ctx, e); err != nil {
			n.log.Error("the new name of a repository can't be recorded", "site", site, "error", err)
			continue
		}
		n.log.Warn("the name of a repository changed", "site", site, "why", e.Why)
		n.mu.Lock()
		n.moved[site] = why
		n.mu.Unlock()
	}
}
