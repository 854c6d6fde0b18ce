package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
)

func (b *bench) ask(t *testing.T, source release.Source) api.AskResult {
	t.Helper()
	out, err := b.client.Ask(t.Context(), "www", "", api.RequestInput{Source: source})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fetch makes a call and leaves its answer to the caller.
func (b *bench) fetch(t *testing.T, path, token string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// get reads a call's JSON as the operator.
func (b *bench) get(t *testing.T, path string, to any) {
	t.Helper()
	resp := b.fetch(t, path, operatorToken)
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(to); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", path, resp.Status, err)
	}
}

// until waits for the site to be as wished.
func (b *bench) until(t *testing.T, what string, wished func(release.Site) bool) release.Site {
	t.Helper()
	var site release.Site
	eventually.Succeeds(t, "the site: "+what, func() (err error) {
		if site, err = b.app.ledger.Site(context.WithoutCancel(t.Context()), "www"); err == nil && !wished(site) {
			err = fmt.Errorf("it is %+v", site)
		}
		return err
	})
	return site
}

func TestARefusedDispatchNeverShowsDispatchedAndIsExplained(t *testing.T) {
	b := start(t, nil)
	b.runner.err = &runner.Refused{Why: "the repository has no such branch", Fault: release.FaultBuild}
	b.ask(t, release.FromContent)
	site := b.until(t, "a retry", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.State != release.Requested || site.Last.Outcome != release.Failed || !site.Last.Times.Dispatched.IsZero() {
		t.Errorf("got %+v", site)
	}
	view, err := b.client.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	if view.Waiting.For != "retry" || view.Last.Fault != release.FaultBuild {
		t.Errorf("the page is told %+v", view)
	}
	t.Log(view.Text)
}

func TestRequestsDuringARunWaitForExactlyOneMoreRelease(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	first := b.job(t)
	b.run(t, first, release.InProgress)
	for range 8 {
		b.ask(t, release.FromContent)
	}
	site := b.until(t, "eight waiting", func(s release.Site) bool { return s.Waiting.Count == 8 })
	session := b.client.WithToken(b.app.current.Load().auth.MintSession(auth.Grant{Site: "www", Release: 1, Run: site.Current.Run.ID, Attempt: 1}))
	run := api.Run{ID: site.Current.Run.ID, Attempt: 1}
	for i, s := range []release.State{release.Complete, release.Ready} {
		if _, err := session.Report(t.Context(), "www", 1, api.ReportInput{Run: run, Sequence: int64(i + 2), State: s}); err != nil {
			t.Fatal(err)
		}
	}
	b.run(t, b.job(t), release.Ready)
	site = b.until(t, "Ready", func(s release.Site) bool { return s.State == release.Ready })
	if site.Number != 2 || site.Served != 9 || len(b.runner.jobs) != 0 {
		t.Errorf("got release #%d, %d served, %d more jobs", site.Number, site.Served, len(b.runner.jobs))
	}
}

func TestAReportFromAnotherRunChangesNothing(t *testing.T) {
	b := start(t, limited)
	b.ask(t, release.FromEditor)
	job := b.job(t)
	b.run(t, job, release.InProgress)
	stranger := api.Run{ID: "run-9", Attempt: 1}
	session := b.client.WithToken(b.app.current.Load().auth.MintSession(auth.Grant{Site: "www", Release: 1, Run: "run-9", Attempt: 1}))
	_, err := session.Report(t.Context(), "www", 1, api.ReportInput{Run: stranger, Sequence: 9, State: release.Complete})
	if api.CodeOf(err) != string(release.CodeOtherRun) {
		t.Errorf("a stranger's report: %v", err)
	}
	_, err = session.Report(t.Context(), "www", 1, api.ReportInput{Run: api.Run{ID: "run-1", Attempt: 1}, Sequence: 9, State: release.Complete})
	if api.CodeOf(err) != "forbidden" {
		t.Errorf("a session used for another run: %v", err)
	}
	_, err = b.client.WithToken(job.Bearer).Claim(t.Context(), "www", api.ClaimInput{Release: 1, Token: job.Token, Run: stranger})
	if api.CodeOf(err) != string(release.CodeDuplicateRun) {
		t.Errorf("a second run's claim: %v", err)
	}
	_, err = b.client.WithToken(job.Bearer).Claim(t.Context(), "docs", api.ClaimInput{Release: 1, Token: job.Token, Run: stranger})
	if api.CodeOf(err) != "forbidden" {
		t.Errorf("a claim of another site's release: %v", err)
	}
	if s, _ := b.app.ledger.Site(t.Context(), "www"); s.State != release.InProgress {
		t.Errorf("the site is %s", s.State)
	}
}

func TestARunThatEndedWhileTheAppWasAwayIsNoticedAtTheNextStart(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	b.run(t, b.job(t), release.InProgress)
	conf := b.app.current.Load().config
	b.app.stopNow()
	if err := b.app.Close(); err != nil {
		t.Fatal(err)
	}
	site := release.Run{ID: "run-1", Attempt: 1}
	b.runner.ends["run-1"] = release.RunEnded{Run: site, Conclusion: release.RunDied}
	again, err := New(t.Context(), Options{Config: conf, NewRunner: func(runner.OnEvent) (runner.Runner, error) { return b.runner, nil }})
	if err != nil {
		t.Fatal(err)
	}
	b.app = again
	if err := again.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := b.until(t, "the end of release #1", func(s release.Site) bool { return s.Last.Number == 1 })
	if got.Last.Outcome != release.Failed || got.Last.Fault != release.FaultPlatform {
		t.Errorf("got %+v", got.Last)
	}
}

func TestAScheduledRequestIsReleasedWhenItsTimeHasCome(t *testing.T) {
	b, asked, at := askedAhead(t)
	b.run(t, b.job(t), release.Ready)
	got, err := b.client.Request(t.Context(), asked.ID)
	if err != nil || got.Status != release.Live || got.LiveAt.Before(at) {
		t.Errorf("%+v %v", got, err)
	}
}

// askedAhead is an app with a request whose time has not come yet when it is accepted. On a
// busy machine that may take longer: then it is tried again with more time.
func askedAhead(t *testing.T) (b *bench, asked api.AskResult, at time.Time) {
	t.Helper()
	for ahead := 700 * time.Millisecond; ahead < eventually.Patience; ahead *= 2 {
		b = start(t, nil)
		at = time.Now().Add(ahead)
		var err error
		asked, err = b.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent, Title: "Embargoed", NotBefore: &at})
		if err != nil {
			t.Fatal(err)
		}
		if asked.Status == release.Scheduled {
			return b, asked, at
		}
		if time.Now().Before(at) {
			t.Fatalf("before its time the request is %+v", asked)
		}
	}
	t.Fatalf("the last request is %+v", asked)
	return b, asked, at
}

func TestTheListOfWhatIsNotLiveTellsWhatFailed(t *testing.T) {
	b := start(t, nil)
	asked := b.ask(t, release.FromEditor)
	b.run(t, b.job(t), release.InProgress)
	site, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.app.ledger.Decide(t.Context(), "www", release.Failure{Release: 1, Run: site.Current.Run, Sequence: 9, Why: "no title"}); err != nil {
		t.Fatal(err)
	}
	var list struct{ Requests []api.Request }
	b.get(t, "/v1/sites/www/requests", &list)
	open := list.Requests
	if len(open) != 1 {
		t.Fatalf("got %+v", open)
	}
	one, err := b.client.Request(t.Context(), asked.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(open[0].Failed) != 1 || open[0].Failed[0] != 1 || open[0].Text != one.Text || len(one.Failed) != 1 {
		t.Errorf("the list says %+v, the request %+v", open[0], one)
	}
}
