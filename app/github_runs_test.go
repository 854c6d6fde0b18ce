package app

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestARunsEndIsKnownByWebhookAlone(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "in_progress", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, h.github.IDToken(run, "http://pressrun.test", nil), claimOf(run)); err != nil {
		t.Fatal(err)
	}
	h.github.FailStep(run.ID, "Build")
	if err := h.github.Step(run.ID, "completed", "failure"); err != nil {
		t.Fatal(err)
	}
	site := h.until(t, "failed", func(s release.Site) bool { return s.Last.Number == 1 })
	if !strings.Contains(site.Last.Why, `at the step "Build"`) || site.Last.Fault != release.FaultBuild {
		t.Errorf("the release ended with %q, the fault of %q", site.Last.Why, site.Last.Fault)
	}
}

func TestARunsEndIsKnownByPollingAlone(t *testing.T) {
	second := config.Duration(time.Second)
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) {
		site := c.Sites["www"]
		site.Deadlines.Silence = &second
		c.Sites["www"] = site
	})
	h.github.SetHook("", "", nil)
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "completed", "startup_failure"); err != nil {
		t.Fatal(err)
	}
	site := h.until(t, "failed", func(s release.Site) bool { return s.Last.Number == 1 })
	if !strings.Contains(site.Last.Why, "could not start") {
		t.Errorf("the release ended with %q", site.Last.Why)
	}
}

// With every webhook dropped the rules must look at a run often enough that
// its state is right within 60 s, whether it reports or not.
func TestThePolicyLooksAtARunWithinAMinute(t *testing.T) {
	p := release.DefaultPolicy()
	if worst := p.Silence + p.LookEvery/2; worst > time.Minute {
		t.Errorf("a run may go unseen for %s", worst)
	}
	site := release.NewSite("www", p)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	decide := func(e release.Event) []release.Effect {
		next, effects, err := release.Step(site, e, now)
		if err != nil {
			t.Fatal(err)
		}
		site = next
		return effects
	}
	decide(release.RequestAccepted{Source: release.FromEditor})
	now = now.Add(p.MaxWait)
	decide(release.Tick{Token: "T"})
	run := release.Run{ID: "7", Attempt: 1}
	decide(release.DispatchConfirmed{Token: "T", Run: run})
	last, looks := now, 0
	for range 3600 { // an hour in a queue: nothing reports
		now = now.Add(time.Second)
		if due := site.NextTick(now); due.IsZero() || due.After(now) {
			continue
		}
		for _, e := range decide(release.Tick{Token: "U"}) {
			if _, ok := e.(release.LookUpRun); !ok {
				continue
			}
			if gap := now.Sub(last); gap > time.Minute {
				t.Fatalf("the run was not looked at for %s", gap)
			}
			last, looks = now, looks+1
			decide(release.RunSeen{Run: run, Note: "waits in GitHub's queue"})
		}
	}
	if looks < 60 {
		t.Errorf("the run was looked at %d times in an hour", looks)
	}
}

func TestARunByTheButtonTakesTheSitesTurn(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	for _, event := range []string{"workflow_dispatch", "schedule"} {
		run, err := h.github.Press("acme/www", "content-release.yml", event, nil)
		if err != nil {
			t.Fatal(err)
		}
		h.publish(t, run)
		site := h.until(t, "ready", inState(release.Ready))
		if site.Last.Outcome != release.Succeeded || site.Last.Run.ID != strconv.FormatInt(run.ID, 10) {
			t.Errorf("by %s: the release ended as %+v", event, site.Last)
		}
	}
}

func TestARerunTakesTheFailedReleaseUp(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "in_progress", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, h.github.IDToken(run, "http://pressrun.test", nil), claimOf(run)); err != nil {
		t.Fatal(err)
	}
	if err := h.github.Step(run.ID, "completed", "failure"); err != nil {
		t.Fatal(err)
	}
	h.until(t, "failed", func(s release.Site) bool { return s.Last.Number == 1 })
	again, err := h.github.Rerun(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.publish(t, again)
	site := h.until(t, "ready", inState(release.Ready))
	if site.Last.Outcome != release.Succeeded || site.Last.Run.Attempt != 2 {
		t.Errorf("the re-run ended as %+v", site.Last)
	}
}
