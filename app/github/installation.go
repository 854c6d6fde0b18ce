package app

import (
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
)

// kindInstallation is the event of the audit trail that says what became of
// the GitHub App's installation on a site's repository.
const kindInstallation = "github.installation"

// onlySites drops the repositories that are no site's: an organization may
// name thousands. One is kept:
// to name none would be to mean them all.
func (g *github) onlySites(c *githubapp.Change) {
	link := g.link.Load()
	if link == nil {
		return
	}
	for _, names := range []*[]string{&c.Repositories, &c.Removed} {
		if len(*names) > 0 {
			first := (*names)[0]
			*names = slices.DeleteFunc(*names, func(name string) bool { return name != first && len(link.runner.Sites(name, "")) == 0 })
		}
	}
}

// installationChanged notes what became of the App's installation with each
// site that it concerns, and forgets what was known of it.
func (g *github) installationChanged(ctx context.Context, link *githubLink, news githubapp.Webhook) error {
	g.app.log.Info("the App's installation changed", "event", news.Event, "action", news.Action, "installation", news.Installation)
	link.runner.Forget(news.Installation)
	if news.Change == nil {
		return nil // kept before changes were told
	}
	for _, name := range link.runner.Concerned(*news.Change) {
		e := ledger.Event{Site: name, Kind: kindInstallation, Why: link.runner.InWords(name, news.Action, *news.Change)}
		if by := news.Change.By; by != "" {
			e.By = by + " on GitHub"
		}
		if err := g.app.ledger.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
