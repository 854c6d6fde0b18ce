package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
)

// codeReplayed is the code for a single-use token that was used before: the run asks its
// runner for another one and tries again.
const codeReplayed = "replayed_token"

// Claim checks a claim against the caller's identity, and gives the run as its runner knows
// it. It uses a single-use token up, even if the claim is refused later.
func (a *Authorizer) Claim(ctx context.Context, c *Caller, in api.ClaimInput) (api.Run, error) {
	if c.Role == Job && in.Release != c.Grant.Release {
		return in.Run, problem.New(http.StatusForbidden, "forbidden", fmt.Sprintf("this credential is good for release #%d only", c.Grant.Release))
	}
	if (in.Release == 0) != (in.Token == "") {
		return in.Run, problem.Invalid("body.token", "release and token go together: give both or neither")
	}
	if c.Identity == nil {
		return in.Run, nil
	}
	id := c.Identity
	if in.Run.ID != id.Run.ID || in.Run.Attempt != id.Run.Attempt {
		return in.Run, problem.New(http.StatusForbidden, "forbidden", "this token is that of another run or attempt")
	}
	if in.Token != "" && id.StartedBy != "" {
		return in.Run, problem.New(http.StatusForbidden, "forbidden", "a run that was started by "+id.StartedBy+" was not dispatched by this app")
	}
	first, err := a.ledger.Deliveries().UseOnce(ctx, id.Once, id.Expires.Add(time.Hour))
	if err != nil {
		return in.Run, err
	}
	if !first {
		return in.Run, problem.New(http.StatusUnauthorized, codeReplayed, "this token was used before: ask for a new one for each claim")
	}
	if id.Run.URL != "" {
		in.Run.URL = id.Run.URL
	}
	return in.Run, nil
}

// Reports refuses a report that is not of the session's own release, run and attempt.
func (c *Caller) Reports(number int64, run api.Run) error {
	if g := c.Grant; g.Release != number || g.Run != run.ID || g.Attempt != run.Attempt {
		return problem.New(http.StatusForbidden, "forbidden", fmt.Sprintf("this session is that of attempt %d of run %s for release #%d", g.Attempt, g.Run, g.Release))
	}
	return nil
}
