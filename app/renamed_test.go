package app

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// A run goes on under its repository's new name: its webhooks are followed by the
// run's id. The page, the audit trail and the doctor say what to change.
func TestARepositoryThatIsRenamedUnderARunIsFollowedAndTold(t *testing.T) {
	for name, to := range map[string]string{"renamed": "acme/site", "transferred": "other/www"} {
		t.Run(name, func(t *testing.T) {
			h := startHub(t, fakegithub.Options{}, nil)
			run := h.dispatched(t)
			if err := h.github.Step(run.ID, "in_progress", ""); err != nil {
				t.Fatal(err)
			}
			if _, err := h.claim(t, h.github.IDToken(run, "http://pressrun.test", nil), claimOf(run)); err != nil {
				t.Fatal(err)
			}
			h.github.Rename("acme/www", to)
			want := "acme/www is now called " + to + ": change github.repository of the site"
			eventually.Holds(t, "the new name to be told", func() bool { return h.app.current.Load().unreachable("www") != "" })
			if got := h.app.current.Load().unreachable("www"); got != want {
				t.Errorf("it is told as %q, want %q", got, want)
			}
			if _, page := h.callAs(t, operatorToken, http.MethodGet, "/sites/www", ""); !strings.Contains(page, want) {
				t.Error("the site's page says nothing of it")
			}
			if e := h.eventsOf(t, api.EventRepository); len(e) != 1 || e[0].Why != want {
				t.Errorf("the audit trail has %+v", e)
			}
			if err := h.github.Step(run.ID, "completed", "failure"); err != nil {
				t.Fatal(err)
			}
			h.until(t, "failed", func(s release.Site) bool { return s.Last.Number == 1 })
			status, text := h.callAs(t, operatorToken, http.MethodGet, "/v1/github/checks", "")
			if status != http.StatusOK || !strings.Contains(text, "acme/www is now called "+to) || !strings.Contains(text, "change github.repository") {
				t.Errorf("doctor gets %d: %s", status, text)
			}
			// The name that it had is back: nothing is said any more.
			h.github.Rename(to, "acme/www")
			h.hub().LookForNames(t.Context())
			if got := h.app.current.Load().unreachable("www"); got != "" {
				t.Errorf("it is still told: %q", got)
			}
		})
	}
}

// Of a repository that is no site's nothing is taken, whatever its workflow is called.
func TestARunOfAStrangersRepositoryIsNotFollowed(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	h.github.AddRepo("evil", "www", fakegithub.ContentRelease())
	strange := run
	strange.Repo, strange.ID, strange.Status, strange.Conclusion, strange.Title = "evil/www", run.ID+1, "completed", "failure", "no token"
	if status := h.hookSent(t, 1, "workflow_run", h.github.RunPayload(strange, "completed")); status != http.StatusAccepted {
		t.Fatalf("the answer is %d", status)
	}
	kept, err := h.app.ledger.Deliveries().Waiting(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range kept { // the site's own run may have one waiting
		if d.Run == strconv.FormatInt(strange.ID, 10) {
			t.Errorf("it was kept: %+v", d)
		}
	}
	if site, err := h.app.ledger.Site(t.Context(), "www"); err != nil || site.State != release.Dispatched {
		t.Errorf("the site is %s: %v", site.State, err)
	}
}
