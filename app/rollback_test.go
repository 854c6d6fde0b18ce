package app

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// releasedTwice is an app whose site has had two releases, and their requests.
func releasedTwice(t *testing.T) (b *bench, ids [2]string) {
	t.Helper()
	b = start(t, withPeople)
	for i, title := range []string{"Opening hours", "New prices"} {
		asked, err := b.client.Ask(t.Context(), "www", title, api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: title})
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = asked.ID
		b.run(t, b.job(t), release.Ready)
	}
	return b, ids
}

func TestARollbackIsAskedForWithTheDifference(t *testing.T) {
	b, ids := releasedTwice(t)
	r := signedInReader(t, b, operatorToken)
	r.Get("/sites/www").Says("#2 Live", "#1 Was live Roll back… Roll back to release #1…")
	p := r.Get("/sites/www/rollback?to=1").Status(http.StatusOK).
		Says("Roll back to release #1?", "The site shows release #2 now", "No longer seen afterwards", "New prices", "No, leave it as it is").SaysNot("Opening hours")
	if b.site(t).State != release.Ready {
		t.Fatal("looking at the question rolled the site back")
	}
	r.Form("/sites/www/rollback", url.Values{"to": {p.Field("to")}}).Status(http.StatusUnprocessableEntity).Says("Say why")
	r.Form("/sites/www/rollback", url.Values{"to": {p.Field("to")}, "why": {"the prices are wrong"}}).Status(http.StatusSeeOther)
	job := b.job(t)
	if job.RollbackTo != 1 || job.Release != 3 {
		t.Fatalf("the runner was handed %+v", job)
	}
	b.run(t, job, release.Ready)
	r.Get("/sites/www").Says("Rolled back", "rolled back to #1 by ops: the prices are wrong", "#3 Live: rolled back to #1", "#1 Live again", "#2 Was live").SaysNot("Everything is live")
	r.Get("/sites/www/releases/3").Says("Rolls back to: Release #1, by ops: the prices are wrong", "A rollback serves no request")
	r.Get("/requests/"+ids[1]).Says("No longer: the site was rolled back", "Was live with release #2", "the site was rolled back to #1 by ops").SaysNot("Yes, it is live")
	r.Get("/requests/" + ids[0]).Says("Yes, it is live")

	r.Get("/sites/www/rollback?to=2").Status(http.StatusOK).Says("Seen again afterwards", "New prices")
	r.Get("/sites/www/rollback?to=1").Status(http.StatusConflict)
	for _, to := range []string{"", "0", "x", "-1"} {
		r.Get("/sites/www/rollback?to=" + to).Status(http.StatusUnprocessableEntity)
	}
	r.Get("/sites/www/rollback?to=99").Status(http.StatusNotFound)
	signedInReader(t, b, editorToken).Get("/sites/www/rollback?to=2").Status(http.StatusForbidden)
	signedInReader(t, b, editorToken).Get("/sites/www").SaysNot("Roll back")
}

func TestWhoMayRollBackAndToWhat(t *testing.T) {
	b, _ := releasedTwice(t)
	for name, c := range map[string]struct {
		token  string
		in     api.RollbackInput
		site   string
		status int
		code   string
	}{
		"an editor":        {editorToken, api.RollbackInput{To: 1, Why: "x"}, "www", 403, "forbidden"},
		"a CMS":            {cmsToken, api.RollbackInput{To: 1, Why: "x"}, "www", 403, "forbidden"},
		"nobody":           {"", api.RollbackInput{To: 1, Why: "x"}, "www", 401, "unauthorized"},
		"no reason":        {operatorToken, api.RollbackInput{To: 1}, "www", 422, "invalid"},
		"no release":       {operatorToken, api.RollbackInput{To: 7, Why: "x"}, "www", 404, "not_found"},
		"what is live":     {operatorToken, api.RollbackInput{To: 2, Why: "x"}, "www", 409, "already_live"},
		"no such site":     {operatorToken, api.RollbackInput{To: 1, Why: "x"}, "blog", 404, "no_site"},
		"nothing is there": {operatorToken, api.RollbackInput{To: 1, Why: "x"}, "secret", 404, "not_found"},
	} {
		_, err := b.client.WithToken(c.token).Rollback(t.Context(), c.site, c.in)
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Status != c.status || p.Code != c.code {
			t.Errorf("%s: %v, want %d %s", name, err, c.status, c.code)
		}
	}
	site, err := b.client.Rollback(t.Context(), "www", api.RollbackInput{To: 1, Why: "wrong", Actor: "Ana"})
	if err != nil || site.Current == nil || site.Current.RollbackTo != 1 {
		t.Fatalf("%+v (%v)", site, err)
	}
	_, err = b.client.Rollback(t.Context(), "www", api.RollbackInput{To: 1, Why: "again"})
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != 409 {
		t.Errorf("a second one meanwhile: %v", err)
	}
	// To go back to a rollback is to go back to what it showed.
	b.run(t, b.job(t), release.Ready)
	if _, err := b.client.Rollback(t.Context(), "www", api.RollbackInput{To: 2, Why: "after all"}); err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	site, err = b.client.Rollback(t.Context(), "www", api.RollbackInput{To: 3, Why: "and back"})
	if err != nil || site.Current.RollbackTo != 1 {
		t.Errorf("back to the rollback: %+v (%v)", site.Current, err)
	}
}
