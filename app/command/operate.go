package command

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// Act is an operator's act on a site that needs no more than who does it and why.
type Act struct {
	Name, Summary string
	event         func(release.Act, api.ActInput) release.Event
}

// Acts are all such acts of operators.
var Acts = []Act{
	{"pause", "Dispatch nothing, accept everything", func(act release.Act, in api.ActInput) release.Event {
		e := release.PauseSite{Act: act}
		if in.Until != nil {
			e.Until = in.Until.UTC()
		}
		return e
	}},
	{"resume", "End a pause", func(act release.Act, _ api.ActInput) release.Event { return release.ResumeSite{Act: act} }},
	{"cancel", "Stop the current release; what it should have served waits for the next request", func(act release.Act, in api.ActInput) release.Event {
		return release.CancelRelease{Act: act, Release: in.Release}
	}},
	{"reset", "End the current release whatever it does, forget failures, go on with what waits", func(act release.Act, in api.ActInput) release.Event {
		return release.ResetSite{Act: act, Release: in.Release}
	}},
	{"retry", "Release what waits at once instead of later", func(act release.Act, in api.ActInput) release.Event {
		return release.RetryNow{Act: act, Release: in.Release}
	}},
}

// ActNamed finds an act by its name.
func ActNamed(name string) (Act, bool) {
	i := slices.IndexFunc(Acts, func(act Act) bool { return act.Name == name })
	if i < 0 {
		return Act{}, false
	}
	return Acts[i], true
}

// Do carries an act out, and gives the site afterwards. An invalid input is an *api.Problem
// with its place.
func (c *Commands) Do(ctx context.Context, who *auth.Caller, site string, act Act, in api.ActInput) (release.Site, error) {
	if p := noNUL(map[string]string{"actor": in.Actor, "why": in.Why}); p != nil {
		return release.Site{}, p
	}
	return c.ledger.Decide(ctx, site, act.event(by(who, in.Actor, in.Why), in))
}

// GuardNames are all guards that a release can be stopped by: the deploy's and a bake's.
func GuardNames() []string {
	names := append(guard.Names(), judge.Guards()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// Allow retries a release that guards stopped, and lets them pass in that one release. A
// name that is no guard's is an *api.Problem that lists the guards.
func (c *Commands) Allow(ctx context.Context, who *auth.Caller, site string, in api.AllowInput) (release.Site, error) {
	if p := noNUL(map[string]string{"actor": in.Actor, "why": in.Why}); p != nil {
		return release.Site{}, p
	}
	known := GuardNames()
	for i, name := range in.Guards {
		if !slices.Contains(known, name) {
			return release.Site{}, problem.Invalid(fmt.Sprintf("body.guards[%d]", i), fmt.Sprintf("%q is no guard: expected one of %s", name, strings.Join(known, ", ")))
		}
	}
	return c.ledger.Decide(ctx, site, release.LetPass{
		Act: by(who, in.Actor, in.Why), Release: in.Release, Guards: release.GuardsOf(in.Guards...),
	})
}

// Rollback puts the content of an earlier release back.
func (c *Commands) Rollback(ctx context.Context, who *auth.Caller, site string, in api.RollbackInput) (release.Site, error) {
	if p := noNUL(map[string]string{"actor": in.Actor, "why": in.Why}); p != nil {
		return release.Site{}, p
	}
	// The outcome of a release never changes: it may be read before the decision.
	to, err := c.ledger.Release(ctx, site, in.To)
	if err != nil {
		return release.Site{}, err
	}
	if to.Outcome != release.Succeeded {
		return release.Site{}, &release.Conflict{Code: release.CodeNoRelease, Text: fmt.Sprintf("release #%d of %s never was live", in.To, site)}
	}
	return c.ledger.Decide(ctx, site, release.RollBack{Act: by(who, in.Actor, in.Why), To: to.Content()})
}

// Freeze adds a window in which nothing is dispatched.
func (c *Commands) Freeze(ctx context.Context, who *auth.Caller, site string, in api.FreezeInput) (release.Site, error) {
	if p := noNUL(map[string]string{"actor": in.Actor, "why": in.Why}); p != nil {
		return release.Site{}, p
	}
	w := release.Window{ID: rand.Text()[:8], From: ledger.Now(), To: in.To.UTC()}
	if in.From != nil {
		w.From = in.From.UTC()
	}
	return c.ledger.Decide(ctx, site, release.FreezeSite{Act: by(who, in.Actor, in.Why), Window: w})
}

// Thaw removes a freeze.
func (c *Commands) Thaw(ctx context.Context, who *auth.Caller, site, id string) (release.Site, error) {
	return c.ledger.Decide(ctx, site, release.ThawSite{Act: by(who, "", ""), ID: id})
}

// by names the actor of an act: the token's name, and the person for whom it acts, if any.
func by(who *auth.Caller, actor, why string) release.Act {
	name := who.Name
	if actor != "" && actor != name {
		name = actor + " (" + name + ")"
	}
	return release.Act{By: name, Why: why}
}
