package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// stopped has a guard stop the release that a runner was handed.
func (b *bench) stopped(t *testing.T, job runner.Job, name string) {
	t.Helper()
	b.run(t, job, release.InProgress)
	run := api.Run(b.site(t).Current.Run)
	run.URL = ""
	session := b.client.WithToken(b.app.current.Load().auth.MintSession(auth.Grant{Site: "www", Release: job.Release, Run: run.ID, Attempt: run.Attempt}))
	why := "the release was stopped: 2 links lead nowhere: \"/shop\" <b>"
	if err := session.Fail(t.Context(), "www", job.Release, api.FailureInput{Run: run, Why: why, Fault: release.FaultContent, Guards: []string{name}}); err != nil {
		t.Fatal(err)
	}
}

func TestAnOperatorLetsAGuardPassOnce(t *testing.T) {
	b := start(t, withPeople)
	b.ask(t, release.FromContent)
	r, editor := signedInReader(t, b, operatorToken), signedInReader(t, b, editorToken)
	r.Get("/sites/www").SaysNot("Let a guard pass")
	r.Get("/sites/www/allow").Status(http.StatusConflict)
	b.stopped(t, b.job(t), guard.BrokenLinks)

	r.Get("/sites/www").Says("Let a guard pass once…")
	r.Get("/sites/www/operate").Says("Starts release #2 although a guard stopped the last one, this once")
	editor.Get("/sites/www").Says("2 links lead nowhere").SaysNot("Let a guard pass")
	editor.Get("/sites/www/allow").Status(http.StatusForbidden)
	p := r.Get("/sites/www/allow").Status(http.StatusOK).
		Says("Let a guard pass in release #2?", `2 links lead nowhere: "/shop" <b>`, "broken-links", "stopped release #1", "judged by all guards again")
	spanishReader(t, b).Get("/sites/www/allow").Says("¿Pasar por alto un control en la publicación #2?")
	form := func(change map[string]string) url.Values {
		v := url.Values{"release": {p.Field("release")}, "guard": {guard.BrokenLinks}, "why": {"the shop follows"}}
		for name, value := range change {
			v[name] = nil
			if value != "" {
				v.Set(name, value)
			}
		}
		return v
	}
	editor.Form("/sites/www/allow", form(nil)).Status(http.StatusForbidden)
	r.Form("/sites/www/allow", form(map[string]string{"why": ""})).Status(http.StatusUnprocessableEntity).Says("Say why")
	r.Form("/sites/www/allow", form(map[string]string{"guard": ""})).Status(http.StatusUnprocessableEntity).Says("Choose the guard")
	r.Form("/sites/www/allow", form(map[string]string{"release": "x"})).Status(http.StatusUnprocessableEntity)
	r.Form("/sites/www/allow", form(map[string]string{"release": "1"})).Status(http.StatusConflict)
	r.Form("/sites/www/allow", form(map[string]string{"guard": "broken-arrows"})).Status(http.StatusUnprocessableEntity)
	r.Form("/sites/www/allow", form(map[string]string{"guard": guard.EmptyOutput})).Status(http.StatusConflict)
	if site := b.site(t); site.Current.Allowed.Guards != "" || site.Current.Dispatch.Token != "" {
		t.Fatalf("a refusal changed the site: %+v", site.Current)
	}

	r.Form("/sites/www/allow", form(nil)).Status(http.StatusSeeOther)
	job := b.job(t)
	claim := b.claim(t, job.Release, job.Token, job.Bearer)
	if a := claim.Allowed; a == nil || len(a.Guards) != 1 || a.Guards[0] != guard.BrokenLinks || a.By != "ops" || a.Why != "the shop follows" {
		t.Fatalf("the run is told %+v", a)
	}
	r.Get("/sites/www/operate").Says("Guards let pass once", "let pass once: broken-links: the shop follows")
	editor.Get("/sites/www/releases/2").Says("Let pass once", "broken-links (ops: the shop follows)")
	r.Form("/sites/www/allow", form(nil)).Status(http.StatusConflict) // it is on its way
}

func TestAGuardThatDoesNotExistIsRefusedWithTheList(t *testing.T) {
	b := start(t, withPeople)
	status, problem := b.call(t, http.MethodPost, "/v1/sites/www/allow", operatorToken, `{"guards":["broken-links","broken-arrows"],"why":"x"}`)
	if status != http.StatusUnprocessableEntity || len(problem.Errors) != 1 || problem.Errors[0].Location != "body.guards[1]" {
		t.Fatalf("got %d %+v", status, problem)
	}
	for _, name := range guard.Names() {
		if !strings.Contains(problem.Errors[0].Message, name) {
			t.Errorf("the list lacks %s: %s", name, problem.Errors[0].Message)
		}
	}
}
