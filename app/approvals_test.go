package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

func withProtectionRule(c *config.Config) {
	site := c.Sites["www"]
	site.GitHub.ProtectionRule = true
	c.Sites["www"] = site
}

// reviewed waits for what the app has said about a run.
func (h *hub) reviewed(t *testing.T, count int) []fakegithub.Review {
	t.Helper()
	var got []fakegithub.Review
	eventually.Succeeds(t, fmt.Sprintf("%d reviews", count), func() error {
		if got = h.github.Reviews(); len(got) < count {
			return fmt.Errorf("the app said %+v only; the log:\n%s", got, h.logs)
		}
		return nil
	})
	return got
}

func TestARunIsLetThroughWhenItIsTheSitesTurn(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, withProtectionRule)
	run := h.dispatched(t)
	if _, err := h.client.Act(t.Context(), "www", "pause", api.ActInput{Why: "moving [x](http://evil.example) @all"}); err != nil {
		t.Fatal(err)
	}
	if err := h.github.Hold(run.ID, "production", ""); err != nil {
		t.Fatal(err)
	}
	got := h.reviewed(t, 1)
	if got[0].State != "" || !strings.Contains(got[0].Comment, `paused: moving \[x\]`) {
		t.Errorf("while paused the app said %+v", got[0])
	}
	// What waits outlives the app.
	if waiting, err := h.app.ledger.Approvals().Waiting(t.Context()); err != nil || len(waiting) != 1 {
		t.Errorf("on disk are %+v, %v", waiting, err)
	}
	if _, err := h.client.Act(t.Context(), "www", "resume", api.ActInput{}); err != nil {
		t.Fatal(err)
	}
	got = h.reviewed(t, 2)
	if len(got) != 2 || got[1].State != "approved" || got[1].Environment != "production" || got[1].Run != run.ID {
		t.Errorf("the app said %+v", got)
	}
	h.publish(t, run)
	h.until(t, "live", func(s release.Site) bool { return s.Last.Outcome == release.Succeeded })
	if left, err := h.app.ledger.Approvals().Waiting(t.Context()); err != nil || len(left) != 0 || len(h.github.Reviews()) != 2 {
		t.Errorf("left are %+v (%v), said was %+v", left, err, h.github.Reviews())
	}
}

func TestARunThatNobodyDispatchedWaitsForTheRunningOne(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, withProtectionRule)
	first := h.dispatched(t)
	second, err := h.github.Press("acme/www", "content-release.yml", "schedule", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.github.Hold(second.ID, "production", ""); err != nil {
		t.Fatal(err)
	}
	if got := h.reviewed(t, 1); got[0].State != "" || !strings.Contains(got[0].Comment, "is running") {
		t.Errorf("the app said %+v", got)
	}
	h.publish(t, first)
	if got := h.reviewed(t, 2); got[len(got)-1].State != "approved" || got[len(got)-1].Run != second.ID {
		t.Errorf("the app said %+v", got)
	}
}

func TestGatesThatAreNotAnswered(t *testing.T) {
	for name, of := range map[string]struct {
		change                func(*config.Config)
		environment, callback string
	}{
		"without the rule":    {nil, "production", ""},
		"another environment": {withProtectionRule, "staging", ""},
		"another host":        {withProtectionRule, "production", "http://evil.example"},
	} {
		t.Run(name, func(t *testing.T) {
			h := startHub(t, fakegithub.Options{}, of.change)
			run, err := h.github.Press("acme/www", "content-release.yml", "schedule", nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.github.Hold(run.ID, of.environment, of.callback); err != nil {
				t.Fatal(err)
			}
			eventually.Holds(t, "the webhook to have come to something", func() bool {
				if !h.github.Idle() {
					return false
				}
				waiting, err := h.app.ledger.Deliveries().Waiting(t.Context(), 1)
				return err == nil && len(waiting) == 0
			})
			left, err := h.app.ledger.Approvals().Waiting(t.Context())
			if got := h.github.Reviews(); err != nil || len(got) != 0 || len(left) != 0 {
				t.Errorf("the app said %+v and keeps %+v (%v)", got, left, err)
			}
		})
	}
}
