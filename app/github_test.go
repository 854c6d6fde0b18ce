package app

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestAReleaseThroughGitHub(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) {
		yes := true
		site := c.Sites["www"]
		site.GitHub.Deployments = &yes
		c.Sites["www"] = site
	})
	run := h.dispatched(t)
	h.publish(t, run)
	site := h.until(t, "ready", inState(release.Ready))
	if site.Last.Outcome != release.Succeeded || site.Last.Run.URL != fmt.Sprintf("https://github.com/acme/www/actions/runs/%d", run.ID) {
		t.Errorf("the release ended as %+v", site.Last)
	}
	eventually.Succeeds(t, "the deployment", func() error {
		got := h.github.Deployments()
		if len(got) == 1 && len(got[0].States) > 0 && got[0].States[len(got[0].States)-1] == "success" {
			return nil
		}
		return fmt.Errorf("GitHub shows the deployments %+v", got)
	})
	out, err := h.client.Log(t.Context(), "www", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if text, err := io.ReadAll(out); err != nil || !strings.Contains(string(text), "The run's output is on GitHub") {
		t.Errorf("the log is %q, %v", text, err)
	}
}

func TestARefusalOfGitHubsIsToldAndEndsTheRelease(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.github.Lock(func() { h.repo.Workflows["content-release.yml"].State = "disabled_manually" })
	h.ask(t, "New hours")
	site := h.until(t, "failed", func(s release.Site) bool { return s.Last.Outcome != "" })
	if site.State == release.Dispatched || !strings.Contains(site.Last.Why, "switched off") {
		t.Errorf("the site is %s, the release ended with %q", site.State, site.Last.Why)
	}
	events, err := h.app.ledger.EventsOfRelease(t.Context(), "www", 1, 100)
	if err != nil {
		t.Fatal(err)
	}
	said := false
	for _, e := range events {
		said = said || strings.Contains(e.Why, "switch it on")
	}
	if !said {
		t.Errorf("no event says what to do: %+v", events)
	}
}

func TestALostAnswerMakesOneRun(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.github.Inject(fakegithub.Dispatches(fakegithub.Times(1, fakegithub.Always(fakegithub.Fault{Lose: true}))))
	h.github.SetHook("", "", nil)
	h.publish(t, h.dispatched(t))
	if n := len(h.github.Runs()); n != 1 {
		t.Errorf("GitHub has %d runs, want 1", n)
	}
}

func TestAServerThatDoesNotNameTheRun(t *testing.T) {
	h := startHub(t, fakegithub.Options{OldServer: true}, nil)
	h.github.SetHook("", "", nil)
	h.publish(t, h.dispatched(t))
	h.until(t, "ready", inState(release.Ready))
}

func TestTextOfTheCMSNeverReachesGitHub(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	const nasty = "Hours\n::set-output name=x::y\n_GitHubActionsFileCommandDelimeter_\n<script>alert(1)</script> $(rm -rf /) `id` ${{ secrets.X }}"
	h.ask(t, nasty)
	site := h.until(t, "dispatched", inState(release.Dispatched))
	run := h.github.Runs()[0]
	for name, value := range run.Inputs {
		if strings.ContainsAny(value, "\n<>$`:{") && name != "app_url" {
			t.Errorf("the input %s is %q", name, value)
		}
	}
	if run.Title != "Content release #1 ["+site.Current.Dispatch.Token+"]" {
		t.Errorf("the run's name is %q", run.Title)
	}
}

func TestDoctorsChecks(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	checks, err := h.client.GitHubChecks(t.Context())
	if err != nil || len(checks) < 4 || checks[0].Result != "ok" {
		t.Fatalf("the checks are %+v, %v", checks, err)
	}
	h.github.Lock(func() { h.repo.Workflows["content-release.yml"].State = "disabled_manually" })
	checks, err = h.client.GitHubChecks(t.Context())
	if err != nil || checks[len(checks)-1].Result != "failed" || !strings.Contains(checks[len(checks)-1].Do, "switch it on") {
		t.Errorf("of a workflow that is switched off the checks are %+v, %v", checks, err)
	}
	if _, err := h.client.WithToken("").GitHubChecks(t.Context()); err == nil {
		t.Error("anybody may have the checks made")
	}
}

// What GitHub does not answer is GitHub's, and is told so: not that the app is at
// fault, shuts down or can save nothing.
func TestAnOutputThatGitHubDoesNotGiveIsToldAsSuch(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.dispatched(t)
	mend := h.github.Inject(fakegithub.Always(fakegithub.Fault{Status: http.StatusBadGateway}))
	status, p := h.call(t, http.MethodGet, "/v1/sites/www/releases/1/log", operatorToken, "")
	if status != http.StatusBadGateway || p.Code != "platform" || !strings.Contains(p.Detail, "GitHub") || !strings.Contains(p.Detail, "/actions/runs/") {
		t.Errorf("got %d %+v", status, p)
	}
	r := signedInReader(t, h.bench, operatorToken)
	r.Get("/sites/www/releases/1/log").Status(http.StatusBadGateway).Says("GitHub").SaysNot("fault").SaysNot("saved").SaysNot("shutting down")
	mend()
	h.github.Inject(fakegithub.Always(fakegithub.Fault{Status: http.StatusNotFound}))
	if status, p := h.call(t, http.MethodGet, "/v1/sites/www/releases/1/log", operatorToken, ""); status != http.StatusNotFound {
		t.Errorf("a run that GitHub no longer has: %d %+v", status, p)
	}
}
