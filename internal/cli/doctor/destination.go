package doctor

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// destinationOf looks whether the place that the site goes to can be reached, and a
// folder written.
func destinationOf(ctx context.Context, s config.Site) []api.GitHubCheck {
	const name = "destination"
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	dest, err := destination.Open(ctx, s.Deploy.To, destination.Options{Endpoint: s.Deploy.Endpoint, Region: s.Deploy.Region, State: s.Deploy.State, MaxAttempts: 2})
	if err != nil {
		return []api.GitHubCheck{bad(name, "Look at deploy.to, and at the credentials in the environment of pressrun serve", "%v", err)}
	}
	if u, err := url.Parse(s.Deploy.To); err == nil && u.Scheme == "file" {
		around := filepath.Dir(filepath.FromSlash(u.Path))
		if err := writable(nearest(around)); err != nil {
			return []api.GitHubCheck{bad(name, "The folder around the destination must be writable: a release swaps a link there", "%v", err)}
		}
		return []api.GitHubCheck{good(name, "%s can be written", around), room("disk of the destination", around)}
	}
	_, err = dest.State.Stat(ctx, history.HeadKey)
	switch {
	case err == nil:
		return []api.GitHubCheck{good(name, "%s answers, and has been deployed to", s.Deploy.To)}
	case errors.Is(err, store.ErrNotFound):
		return []api.GitHubCheck{good(name, "%s answers, and has not been deployed to yet", s.Deploy.To)}
	default:
		said, _, _ := strings.Cut(err.Error(), ": operation error") // the SDK's own words add nothing to ours
		return []api.GitHubCheck{bad(name, "Look at deploy.to, deploy.endpoint and deploy.region, and at the credentials in the environment of pressrun serve", "%s", said)}
	}
}
