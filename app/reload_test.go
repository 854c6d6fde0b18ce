package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// having is the app's configuration with other sites.
func (b *bench) having(change func(sites map[string]config.Site)) config.Loaded {
	c := b.app.opts.Config
	c.Sites = maps.Clone(c.Sites)
	change(c.Sites)
	return config.Loaded{Config: c}
}

func (b *bench) reload(t *testing.T, next config.Loaded) Changes {
	t.Helper()
	changes, err := b.app.Reload(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func mistakes(name string) []config.Broken {
	return []config.Broken{{Name: name, Problems: []config.Problem{{File: name + ".yaml", Line: 3, Column: 8, Key: "sites." + name + ".quiet", Text: "is no span"}}}}
}

func (b *bench) wants(site, key string) (api.AskResult, error) {
	return b.client.Ask(context.Background(), site, key, api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: "Hours"})
}

func TestReloadAddsAndRemovesSites(t *testing.T) {
	b := start(t, nil)
	if _, err := b.wants("new", "before"); err == nil {
		t.Fatal("a site that is not configured takes requests")
	}
	got := b.reload(t, b.having(func(sites map[string]config.Site) {
		s := sites["www"]
		s.Title = "The new one"
		sites["new"] = s
	}))
	if diff := cmp.Diff(Changes{Added: []string{"new"}}, got); diff != "" {
		t.Errorf("what was added (-want +got)\n%s", diff)
	}
	if _, err := b.wants("new", "k"); err != nil {
		t.Fatalf("the new site takes no request: %v", err)
	}
	b.run(t, b.job(t), release.Ready)

	got = b.reload(t, b.having(func(map[string]config.Site) {}))
	if diff := cmp.Diff(Changes{Removed: []string{"new"}}, got); diff != "" {
		t.Errorf("what was removed (-want +got)\n%s", diff)
	}
	if _, err := b.wants("new", "after"); err == nil || !strings.Contains(err.Error(), "new") {
		t.Errorf("of a request for a removed site it says: %v", err)
	}
	all, err := b.client.Sites(t.Context())
	if err != nil || len(all) != 1 {
		t.Errorf("the sites are %+v, %v", all, err)
	}
	site, err := b.client.Site(t.Context(), "new")
	if err != nil || site.Condition != "gone" || site.Live == nil || !strings.Contains(site.Text, "no longer configured") {
		t.Errorf("the history of a removed site: %+v, %v", site, err)
	}
	again := b.reload(t, b.having(func(map[string]config.Site) {}))
	if !again.None() {
		t.Errorf("the same configuration again brings %+v", again)
	}
}

// What runs when a site is removed ends as it would have, and what waits goes out once the
// site is back.
func TestARunOutlivesItsSite(t *testing.T) {
	b := start(t, nil)
	if _, err := b.wants("www", "first"); err != nil {
		t.Fatal(err)
	}
	job := b.job(t)
	run := api.Run{ID: b.runner.runs[job.Token].ID, Attempt: 1}
	claim, err := b.client.WithToken(job.Bearer).Claim(t.Context(), "www", api.ClaimInput{Release: job.Release, Token: job.Token, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	report := func(sequence int64, state release.State) {
		t.Helper()
		if _, err := b.client.WithToken(claim.Session).Report(t.Context(), "www", job.Release, api.ReportInput{Run: run, Sequence: sequence, State: state}); err != nil {
			t.Fatal(err)
		}
	}
	report(1, release.InProgress)
	if _, err := b.wants("www", "second"); err != nil {
		t.Fatal(err)
	}
	whole := b.having(func(map[string]config.Site) {})
	b.reload(t, b.having(func(sites map[string]config.Site) { delete(sites, "www") }))
	report(2, release.Complete)
	report(3, release.Ready)
	site, err := b.client.Site(t.Context(), "www")
	if err != nil || site.Live == nil || site.Live.Number != 1 || site.Waiting.Count != 1 {
		t.Fatalf("the site after its run: %+v, %v", site, err)
	}
	select {
	case job := <-b.runner.jobs:
		t.Fatalf("a removed site was dispatched: %+v", job)
	default:
	}
	b.reload(t, whole)
	b.run(t, b.job(t), release.Ready)
}

func TestASiteWithMistakesWaitsAndTheOthersGoOn(t *testing.T) {
	b := start(t, func(c *config.Config) { c.Sites["docs"] = c.Sites["www"] })
	whole := b.having(func(map[string]config.Site) {})
	next := b.having(func(sites map[string]config.Site) { delete(sites, "docs") })
	next.Broken = mistakes("docs")
	b.reload(t, next)
	if _, err := b.wants("docs", "k"); err != nil {
		t.Errorf("a request for a site with mistakes waits for them to be mended: %v", err)
	}
	if _, err := b.wants("www", "k"); err != nil {
		t.Error(err)
	}
	if job := b.job(t); job.Site != "www" {
		t.Fatalf("dispatched was %s", job.Site)
	}
	all, err := b.client.Sites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	docs := all[slices.IndexFunc(all, func(s api.Site) bool { return s.Name == "docs" })]
	if docs.Condition != "misconfigured" || docs.Mistake != "docs.yaml:3:8: sites.docs.quiet: is no span" || docs.Waiting.Count != 1 {
		t.Errorf("the API tells of it: %+v", docs)
	}
	page := signedInReader(t, b, operatorToken).Get("/").Text
	if !strings.Contains(page, "Mistake in its configuration") || !strings.Contains(page, "sites.docs.quiet: is no span") || strings.Contains(page, "9999") {
		t.Errorf("the page of all sites says:\n%s", page)
	}
	if text := signedInReader(t, b, operatorToken).Get("/sites/docs").Text; !strings.Contains(text, "is no span") || strings.Contains(text, "9999") {
		t.Errorf("the site's page says:\n%s", text)
	}
	got := b.reload(t, whole)
	if diff := cmp.Diff(Changes{Mended: []string{"docs"}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if job := b.job(t); job.Site != "docs" {
		t.Errorf("dispatched was %s", job.Site)
	}
}

func TestWhatTakesARestartIsHeldAndTold(t *testing.T) {
	b := start(t, nil)
	next := b.having(func(map[string]config.Site) {})
	next.Listen, next.Pages.Access, next.State = "127.0.0.1:1", "loopback", "/elsewhere"
	got := b.reload(t, next)
	if want := []string{"listen", "state", "pages.access"}; !slices.Equal(got.Restart, want) {
		t.Errorf("a restart is taken by %q", got.Restart)
	}
	if resp := signedOut(t, b); resp != http.StatusUnauthorized {
		t.Errorf("who reaches a running app is let in by a reload: %d", resp)
	}
	page := signedInReader(t, b, operatorToken).Get("/").Text
	if !strings.Contains(page, "takes a restart") || !strings.Contains(page, "listen, state, pages.access") {
		t.Errorf("operators are told:\n%s", page)
	}
}

func signedOut(t *testing.T, b *bench) int {
	t.Helper()
	status, _ := b.call(t, http.MethodGet, "/v1/sites", "", "")
	return status
}

// A configuration that can't be gone by leaves everything as it was.
func TestARefusedConfigurationChangesNothing(t *testing.T) {
	b := start(t, nil)
	next := b.having(func(sites map[string]config.Site) {
		s := sites["www"]
		s.Hooks = []config.Hook{{Name: "cms", Dialect: "drupal", SecretFile: "/nowhere", Rate: new(1), Burst: new(1)}}
		sites["www"] = s
	})
	if _, err := b.app.Reload(t.Context(), next); err == nil {
		t.Fatal("it was taken")
	}
	b.app.Refused(errors.New("pressrun.yaml:1:1: is not good"))
	if page := signedInReader(t, b, operatorToken).Get("/").Text; !strings.Contains(page, "pressrun.yaml:1:1: is not good") {
		t.Errorf("operators are told:\n%s", page)
	}
	if _, err := b.wants("www", "k"); err != nil {
		t.Error(err)
	}
	b.run(t, b.job(t), release.Ready)
}

// Requests, pages and runs go on while sites come and go; -race looks for what both touch.
func TestReloadsDisturbNobody(t *testing.T) {
	b := start(t, nil)
	const rounds = 12
	var crowd sync.WaitGroup
	stop := make(chan struct{})
	crowd.Go(func() {
		for {
			select {
			case job := <-b.runner.jobs:
				b.run(t, job, release.Ready)
			case <-stop:
				return
			}
		}
	})
	asked := make(chan string, 10_000)
	for worker := range 3 {
		crowd.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				r, err := b.wants("www", fmt.Sprint(worker, "-", i))
				if err != nil {
					t.Errorf("a request was refused: %v", err)
					return
				}
				asked <- r.ID
				if _, err := b.client.Sites(context.Background()); err != nil {
					t.Errorf("the list was refused: %v", err)
				}
			}
		})
	}
	for i := range rounds {
		b.reload(t, b.having(func(sites map[string]config.Site) {
			for n := range i % 4 {
				sites[fmt.Sprint("more-", n)] = sites["www"]
			}
			www := sites["www"]
			www.Title = fmt.Sprint("The library, round ", i)
			sites["www"] = www
		}))
	}
	close(stop)
	crowd.Wait()
	close(asked)
	for id := range asked {
		eventually.Succeeds(t, "each request is live", func() error {
			select {
			case job := <-b.runner.jobs:
				b.run(t, job, release.Ready)
			default:
			}
			got, err := b.client.Request(t.Context(), id)
			if err == nil && got.Status != release.Live {
				err = fmt.Errorf("%s is %s: %s", id, got.Status, got.Text)
			}
			return err
		})
	}
}
