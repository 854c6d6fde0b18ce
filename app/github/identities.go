package github

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// identities identifies runs by their tokens from GitHub, or by a secret that they share
// with the server.
type identities struct {
	connection *connection
	log        *slog.Logger
	gitHubURL  string // without a slash at its end
}

// dispatched is the event of a run that the server dispatched.
const dispatched = "workflow_dispatch"

// startedBy is the event that started a run, "" for one that the server dispatched.
func startedBy(event string) string {
	if event == dispatched {
		return ""
	}
	return event
}

// Identify implements runner.Provider.
func (i *identities) Identify(ctx context.Context, bearer string) (runner.Identity, bool, error) {
	switch {
	case api.IsCallback(bearer):
		id, err := i.byCallback(bearer)
		return id, true, err
	case githubapp.LooksLikeToken(bearer):
		id, err := i.byToken(ctx, bearer)
		return id, true, err
	}
	return runner.Identity{}, false, nil
}

func unauthorized(why string) error { return problem.New(http.StatusUnauthorized, "unauthorized", why) }

func (i *identities) byToken(ctx context.Context, bearer string) (runner.Identity, error) {
	link := i.connection.link.Load()
	if link == nil {
		return runner.Identity{}, unauthorized("no site of this app runs on GitHub, or GitHub is not set up yet")
	}
	who, err := link.identities.Check(ctx, bearer)
	if refused, ok := errors.AsType[*githubapp.ErrIdentity](err); ok {
		i.log.Warn("a run's token was refused", "why", refused.Why)
		return runner.Identity{}, unauthorized(refused.Why)
	}
	if err != nil {
		i.log.Error("a run's token can't be checked", "error", err)
		return runner.Identity{}, problem.New(http.StatusServiceUnavailable, "unavailable", "GitHub can't be asked about this run now; try again in a moment")
	}
	who.Run.URL = strings.TrimRight(i.gitHubURL, "/") + "/" + who.Repository + "/actions/runs/" + who.Run.ID
	return runner.Identity{
		Name: "run " + who.Run.ID + " of " + who.Repository + " (" + who.Event + ", " + who.Actor + ")",
		Run:  who.Run, Sites: who.Sites, Once: "jti:" + who.ID, Expires: who.Expires, StartedBy: startedBy(who.Event),
	}, nil
}

func (i *identities) byCallback(bearer string) (runner.Identity, error) {
	link := i.connection.link.Load()
	if link == nil || len(link.callbacks) == 0 {
		return runner.Identity{}, unauthorized("this app has no callback secret: set github.callback_secret_files")
	}
	c, err := api.OpenCallback(link.callbacks, bearer, ledger.Now())
	if err != nil {
		i.log.Warn("a run's callback was refused", "why", err)
		return runner.Identity{}, unauthorized(err.Error())
	}
	if _, ok := link.runner.Sites()[c.Site]; !ok {
		return runner.Identity{}, problem.New(http.StatusForbidden, "forbidden", "the callback's site does not run on GitHub")
	}
	return runner.Identity{
		Name: "run " + c.RunID, Run: release.Run{ID: c.RunID, Attempt: c.Attempt}, Sites: []string{c.Site},
		Once: "callback:" + c.ID, Expires: c.Expires, StartedBy: startedBy(c.Event),
	}, nil
}
