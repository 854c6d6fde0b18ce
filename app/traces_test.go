package app

import (
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/tracecontext"
)

// claim takes the release of a job.
func (b *bench) claim(t *testing.T, number int64, token, bearer string) api.ClaimResult {
	t.Helper()
	b.runner.mu.Lock()
	id := b.runner.runs[token]
	b.runner.mu.Unlock()
	got, err := b.client.WithToken(bearer).Claim(t.Context(), "www", api.ClaimInput{Release: number, Token: token, Run: api.Run{ID: id.ID, Attempt: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A run is told of the span that its build joins, which is the one that the trace will
// have, and of what is counted from the last success on.
func TestAClaimTellsOfTheTraceAndOfTheLastSuccess(t *testing.T) {
	b := start(t, func(c *config.Config) {
		site := c.Sites["www"]
		site.Notify = append(site.Notify, config.Target{Name: "traces", Kind: "otlp", URL: "http://127.0.0.1:1"})
		c.Sites["www"] = site
	})
	b.ask(t, release.FromEditor)
	job := b.job(t)
	first := b.claim(t, job.Release, job.Token, job.Bearer)
	of, err := b.app.ledger.Release(t.Context(), "www", job.Release)
	if err != nil {
		t.Fatal(err)
	}
	trace := tracecontext.Of("www", job.Release, of.Times.Requested)
	if first.TraceParent != trace.Parent(trace.Span(tracecontext.Root)) || first.Attempts != 1 || first.LastLiveAt != nil {
		t.Errorf("the first claim tells %+v", first)
	}
	b.run(t, job, release.Ready)
	if of, err = b.app.ledger.Release(t.Context(), "www", job.Release); err != nil {
		t.Fatal(err)
	}
	b.ask(t, release.FromEditor)
	job = b.job(t)
	second := b.claim(t, job.Release, job.Token, job.Bearer)
	if second.TraceParent == first.TraceParent || second.Attempts != 1 || second.LastLiveAt == nil || !second.LastLiveAt.Equal(of.Times.Complete) {
		t.Errorf("the second claim tells %+v", second)
	}
}

func TestAClaimOfASiteThatIsNotTracedHasNoTrace(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	job := b.job(t)
	if got := b.claim(t, job.Release, job.Token, job.Bearer); got.TraceParent != "" {
		t.Errorf("it tells %s", got.TraceParent)
	}
}
