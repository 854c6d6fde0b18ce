// Package doctor looks whether this machine is as the sites of a configuration need
// it: folders, disk, git, programs, credentials, destinations, the address. It
// changes nothing.
package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
)

// The results of a check.
const (
	ok      = "ok"
	failed  = "failed"
	unknown = "unknown"
)

// Machine looks at the machine, as the user who runs the program: the app's own user
// may have other rights.
func Machine(ctx context.Context, conf *config.Config) []api.GitHubCheck {
	checks := []api.GitHubCheck{stateFolder(conf.State), room("disk of the state", conf.State), port(ctx, conf)}
	for _, name := range slices.Sorted(maps.Keys(conf.Sites)) {
		for _, check := range site(ctx, conf.Sites[name]) {
			check.Site = name
			checks = append(checks, check)
		}
	}
	return checks
}

// site looks for what a site needs of this machine. What one of GitHub's needs is
// looked at by the app.
func site(ctx context.Context, s config.Site) []api.GitHubCheck {
	checks := append(secrets(s), traces(ctx, s)...)
	if s.Runner != config.RunnerLocal {
		return checks
	}
	checks = append(checks, source(ctx, s)...)
	checks = append(checks, programs(ctx, s)...)
	return append(checks, destinationOf(ctx, s)...)
}

func good(name, format string, args ...any) api.GitHubCheck {
	return api.GitHubCheck{Name: name, Result: ok, Detail: fmt.Sprintf(format, args...)}
}

func bad(name, do, format string, args ...any) api.GitHubCheck {
	return api.GitHubCheck{Name: name, Result: failed, Detail: fmt.Sprintf(format, args...), Do: do}
}
