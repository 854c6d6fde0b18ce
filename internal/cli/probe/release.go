package probe

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/release"
)

// pollEvery is how often the request is looked at.
const pollEvery = time.Second

// release asks for one, for real, and follows it until it is live.
func (p *prober) release(ctx context.Context) Result {
	started := time.Now()
	asked, err := p.app.Ask(ctx, p.releases, "probe-"+rand.Text(), api.RequestInput{Reason: "pressrun probe", Title: "Probe"})
	if err != nil {
		return p.late(ctx, asked.Request, broken("ask for a release of %s: %s", p.releases, inWords(err)))
	}
	r := asked.Request
	for {
		now, err := p.app.Request(ctx, r.ID)
		if err != nil {
			return p.late(ctx, r, broken("request %s: %s", r.ID, inWords(err)))
		}
		r = now
		switch {
		case r.Status == release.Live || r.Status == release.WasLive:
			return well("request %s is live after %s", r.ID, time.Since(started).Round(time.Second))
		case len(r.Failed) > 0:
			out := broken("release #%d of %s failed: pressrun why %s", r.Failed[len(r.Failed)-1], r.Site, r.ID)
			out.code = exit.NotLive
			return out
		}
		select {
		case <-ctx.Done():
			return p.late(ctx, r, broken("request %s: %v", r.ID, ctx.Err()))
		case <-time.After(pollEvery):
		}
	}
}

// late says whether a failure is the end of the time.
func (p *prober) late(ctx context.Context, r api.Request, other Result) Result {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return other
	}
	out := broken("not live within %s, and still stands: %s", p.releaseLimit, r.Text)
	out.code = exit.Timeout
	return out
}
