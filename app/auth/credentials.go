package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// jobLife bounds the wait for a run to claim what it was handed, sessionLife
	// a run: GitHub ends its longest jobs after five days, and a job that comes
	// later, say after an approval, claims for itself.
	jobLife     = 24 * time.Hour
	sessionLife = 7 * 24 * time.Hour
	// afterwards is how long the credentials of a release are good once it has
	// ended: for a run's last words, and for being told that it is over.
	afterwards = time.Hour
)

func (a *App) mintJob(site string, release int64) string {
	return a.keys.mint(kindJob, grant{Site: site, Release: release, Until: until(a.atLeast(jobLife, site))})
}

func (a *App) mintSession(g grant) string {
	g.Until = until(a.atLeast(sessionLife, g.Site))
	return a.keys.mint(kindSession, g)
}

func (a *App) mintCookie(token string) string {
	return a.keys.mint(kindCookie, grant{ID: rand.Text(), Token: token, Until: until(signedInFor)})
}

// atLeast is a life that the runs of a site on this machine can't outlast: they
// have no other way to get a new session than the job's credential.
func (a *App) atLeast(life time.Duration, site string) time.Duration {
	if s := a.config.Sites[site]; s.Runner == "local" && s.Limit != nil {
		return max(life, s.Limit.Std()+afterwards)
	}
	return life
}

func until(life time.Duration) time.Time { return time.Now().Add(life).UTC() }

// ofRun is the caller with a credential of a release, which ends with it.
func (a *App) ofRun(ctx context.Context, as role, g grant) *caller {
	ended, err := a.ledger.Ended(ctx, g.Site, g.Release)
	if err != nil {
		a.logFor(ctx).Error("whether a release has ended can't be read", "site", g.Site, "release", g.Release, "error", err)
		return notLet(http.StatusServiceUnavailable, "unavailable", "the app can't tell now whether this credential is still good; try again in a moment")
	}
	if !ended.IsZero() && ledger.Now().After(ended.Add(afterwards)) {
		return notLet(http.StatusUnauthorized, "unauthorized", fmt.Sprintf("this credential ended with release #%d", g.Release))
	}
	return &caller{name: "run of release", role: as, grant: g}
}

// session is what the pages' cookie of a call is good for, false when there is
// none, its time is over, or somebody has signed out with it.
func (a *App) session(r *http.Request) (grant, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return grant{}, false
	}
	g, ok := a.keys.check(kindCookie, cookie.Value, time.Now())
	if !ok {
		return grant{}, false
	}
	out, err := a.ledger.Used(r.Context(), g.signedOut())
	if err != nil {
		a.logFor(r.Context()).Error("whether somebody has signed out can't be read", "error", err)
	}
	return g, err == nil && !out
}

// signedOut is the name that is used up once somebody signs out.
func (g grant) signedOut() string { return "signed-out:" + g.ID }

// endSession makes a cookie worthless, wherever copies of it are.
func (a *App) endSession(ctx context.Context, g grant) error {
	if _, err := a.ledger.UseOnce(ctx, g.signedOut(), g.Until); err != nil {
		return err
	}
	return a.ledger.Forget(ctx, time.Time{}) // sessions whose time is over, and no webhooks
}
