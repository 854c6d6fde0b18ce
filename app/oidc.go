package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/release"
)

// roleGitHub is that of a run that shows by GitHub's word, or by a shared
// secret, who it is: good for one claim.
const roleGitHub role = "github run"

// identity is who such a run is.
type identity struct {
	run     release.Run
	once    string // the name of its token, which is good once
	expires time.Time
	event   string // what started it; "" when that is not known
}

// identified is the caller with a bearer token of one of the kinds that runs
// show; false when it is none.
func (g *github) identified(ctx context.Context, bearer string) (*caller, bool) {
	switch {
	case api.IsCallback(bearer):
		return g.byCallback(bearer), true
	case githubapp.LooksLikeToken(bearer):
		return g.byToken(ctx, bearer), true
	}
	return nil, false
}

func notLet(status int, code, why string) *caller {
	return &caller{refused: problem(status, code, why)}
}

func (g *github) byToken(ctx context.Context, bearer string) *caller {
	link := g.link.Load()
	if link == nil {
		return notLet(http.StatusUnauthorized, "unauthorized", "no site of this app runs on GitHub, or GitHub is not set up yet")
	}
	who, err := link.identities.Check(ctx, bearer)
	if refused, ok := errors.AsType[*githubapp.ErrIdentity](err); ok {
		g.app.log.Warn("a run's token was refused", "why", refused.Why)
		return notLet(http.StatusUnauthorized, "unauthorized", refused.Why)
	}
	if err != nil {
		g.app.log.Error("a run's token can't be checked", "error", err)
		return notLet(http.StatusServiceUnavailable, "unavailable", "GitHub can't be asked about this run now; try again in a moment")
	}
	who.Run.URL = strings.TrimRight(g.app.config.GitHub.URL, "/") + "/" + who.Repository + "/actions/runs/" + who.Run.ID
	return &caller{
		name: "run " + who.Run.ID + " of " + who.Repository + " (" + who.Event + ", " + who.Actor + ")", role: roleGitHub, sites: who.Sites,
		identity: &identity{run: who.Run, once: "jti:" + who.ID, expires: who.Expires, event: who.Event},
	}
}

func (g *github) byCallback(bearer string) *caller {
	link := g.link.Load()
	if link == nil || len(link.callbacks) == 0 {
		return notLet(http.StatusUnauthorized, "unauthorized", "this app has no callback secret: set github.callback_secret_files")
	}
	c, err := api.OpenCallback(link.callbacks, bearer, time.Now())
	if err != nil {
		g.app.log.Warn("a run's callback was refused", "why", err)
		return notLet(http.StatusUnauthorized, "unauthorized", err.Error())
	}
	if _, ok := link.runner.Site(c.Site); !ok {
		return notLet(http.StatusForbidden, "forbidden", "the callback's site does not run on GitHub")
	}
	return &caller{
		name: "run " + c.RunID, role: roleGitHub, sites: []string{c.Site},
		identity: &identity{run: release.Run{ID: c.RunID, Attempt: c.Attempt}, once: "callback:" + c.ID, expires: c.Expires, event: c.Event},
	}
}

// codeReplayed names the refusal of a token that was good once: the run asks
// for another one and tries again.
const codeReplayed = "replayed_token"

// mayClaim holds a claim against who the run is. The token is used up by it,
// whatever becomes of the claim.
func (a *App) mayClaim(ctx context.Context, who *caller, in *claimInput) error {
	id := who.identity
	if in.Body.Run.ID != id.run.ID || in.Body.Run.Attempt != id.run.Attempt {
		return problem(http.StatusForbidden, "forbidden", "this token is that of another run or attempt")
	}
	if in.Body.Token != "" && id.event != "" && id.event != "workflow_dispatch" {
		return problem(http.StatusForbidden, "forbidden", "a run that was started by "+id.event+" was not dispatched by this app")
	}
	first, err := a.ledger.UseOnce(ctx, id.once, id.expires.Add(time.Hour))
	if err != nil {
		return a.public(ctx, err)
	}
	if !first {
		return problem(http.StatusUnauthorized, codeReplayed, "this token was used before: ask for a new one for each claim")
	}
	if id.run.URL != "" {
		in.Body.Run.URL = id.run.URL
	}
	return nil
}
