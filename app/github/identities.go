package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/release"
)

// Identify is the caller with a bearer token of one of the kinds that runs
// show; false when it is none.
func (g *github) Identify(ctx context.Context, bearer string) (*auth.Caller, bool) {
	switch {
	case api.IsCallback(bearer):
		return g.byCallback(bearer), true
	case githubapp.LooksLikeToken(bearer):
		return g.byToken(ctx, bearer), true
	}
	return nil, false
}

func (g *github) byToken(ctx context.Context, bearer string) *auth.Caller {
	link := g.link.Load()
	if link == nil {
		return auth.Refused(http.StatusUnauthorized, "unauthorized", "no site of this app runs on GitHub, or GitHub is not set up yet")
	}
	who, err := link.identities.Check(ctx, bearer)
	if refused, ok := errors.AsType[*githubapp.ErrIdentity](err); ok {
		g.app.log.Warn("a run's token was refused", "why", refused.Why)
		return auth.Refused(http.StatusUnauthorized, "unauthorized", refused.Why)
	}
	if err != nil {
		g.app.log.Error("a run's token can't be checked", "error", err)
		return auth.Refused(http.StatusServiceUnavailable, "unavailable", "GitHub can't be asked about this run now; try again in a moment")
	}
	who.Run.URL = strings.TrimRight(g.app.config.GitHub.URL, "/") + "/" + who.Repository + "/actions/runs/" + who.Run.ID
	return &auth.Caller{
		Name: "run " + who.Run.ID + " of " + who.Repository + " (" + who.Event + ", " + who.Actor + ")", Role: auth.GitHub, Sites: who.Sites,
		Identity: &auth.Identity{Run: who.Run, Once: "jti:" + who.ID, Expires: who.Expires, Event: who.Event},
	}
}

func (g *github) byCallback(bearer string) *auth.Caller {
	link := g.link.Load()
	if link == nil || len(link.callbacks) == 0 {
		return auth.Refused(http.StatusUnauthorized, "unauthorized", "this app has no callback secret: set github.callback_secret_files")
	}
	c, err := api.OpenCallback(link.callbacks, bearer, time.Now())
	if err != nil {
		g.app.log.Warn("a run's callback was refused", "why", err)
		return auth.Refused(http.StatusUnauthorized, "unauthorized", err.Error())
	}
	if _, ok := link.runner.Site(c.Site); !ok {
		return auth.Refused(http.StatusForbidden, "forbidden", "the callback's site does not run on GitHub")
	}
	return &auth.Caller{
		Name: "run " + c.RunID, Role: auth.GitHub, Sites: []string{c.Site},
		Identity: &auth.Identity{Run: release.Run{ID: c.RunID, Attempt: c.Attempt}, Once: "callback:" + c.ID, Expires: c.Expires, Event: c.Event},
	}
}
