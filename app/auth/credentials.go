package auth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// jobLife bounds the wait until a run claims its release, sessionLife a run: GitHub
	// ends its longest jobs after five days, and a job that starts later, say after an
	// approval, makes a claim of its own.
	jobLife     = 24 * time.Hour
	sessionLife = 7 * 24 * time.Hour
	// afterEnd is how long the credentials of a release are good after its end: for a
	// run's last report, and for the answer that the release is over.
	afterEnd = time.Hour
)

// MintJob is the credential with which a run claims a release.
func (a *Authorizer) MintJob(site string, release int64) string {
	return a.keys.Mint(kindJob, Grant{Site: site, Release: release, Until: until(a.atLeast(jobLife, site))})
}

// MintSession is the credential with which the attempt of a run that g names
// reports. It sets Until.
func (a *Authorizer) MintSession(g Grant) string {
	g.Until = until(a.atLeast(sessionLife, g.Site))
	return a.keys.Mint(kindSession, g)
}

// atLeast makes a life longer than the longest run of a site. A run with a limit of days,
// which only a run on this machine can have, can get a new session by the job's credential
// alone.
func (a *Authorizer) atLeast(life time.Duration, site string) time.Duration {
	if limit := a.config.Sites[site].Limit; limit != nil {
		return max(life, limit.Std()+afterEnd)
	}
	return life
}

func until(life time.Duration) time.Time { return ledger.Now().Add(life) }

// ofRun is the caller with a credential of a release, which ends soon after the release.
func (a *Authorizer) ofRun(ctx context.Context, as Role, g Grant) *Caller {
	ended, err := a.ledger.Ended(ctx, g.Site, g.Release)
	if err != nil {
		logUnlessGone(ctx, a.log, "the end of a release can't be read", "site", g.Site, "release", g.Release, "error", err)
		return Refused(http.StatusServiceUnavailable, "unavailable", "the app can't tell now whether this credential is still good; try again in a moment")
	}
	if !ended.IsZero() && ledger.Now().After(ended.Add(afterEnd)) {
		return Refused(http.StatusUnauthorized, "unauthorized", fmt.Sprintf("this credential ended with release #%d", g.Release))
	}
	return &Caller{Name: "run of release", Role: as, Grant: g}
}

// logUnlessGone logs an error of a call whose caller still waits: when a caller goes, the
// reads of the call fail, and that is no fault.
func logUnlessGone(ctx context.Context, log *slog.Logger, message string, args ...any) {
	if ctx.Err() == nil {
		log.ErrorContext(ctx, message, args...) //nolint:sloglint // its callers' messages are constants
	}
}
