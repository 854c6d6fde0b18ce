package github

import (
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
)

// onlySites drops the repositories that are no site's: an organization may name thousands.
// The first one stays, because an empty list stands for all repositories.
func (h *webhooks) onlySites(c *githubapp.Change) {
	to := h.connection.link.Load()
	if to == nil {
		return
	}
	for _, names := range []*[]string{&c.Repositories, &c.Removed} {
		if len(*names) > 0 {
			first := (*names)[0]
			*names = slices.DeleteFunc(*names, func(name string) bool { return name != first && len(to.runner.Sites().Of(name, "")) == 0 })
		}
	}
}

// installationChanged records a change of the App's installation for each site that it
// concerns, and forgets what githubapp has cached of the installation.
func (h *webhooks) installationChanged(ctx context.Context, to *link, hook githubapp.Webhook) error {
	h.log.Info("the App's installation changed", "event", hook.Event, "action", hook.Action, "installation", hook.Installation)
	to.runner.Forget(hook.Installation)
	if hook.Change == nil {
		return nil // stored by a version before changes were recorded
	}
	for _, name := range to.runner.Sites().Concerned(*hook.Change) {
		e := ledger.Event{Site: name, Kind: api.EventInstallation, Why: to.runner.Sites().InWords(name, hook.Action, *hook.Change)}
		if by := hook.Change.By; by != "" {
			e.By = by + " on GitHub"
		}
		if err := h.ledger.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
