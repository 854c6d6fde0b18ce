package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

// siteDay is the day by the clock of the benches' site, whose midnight is not UTC's.
func siteDay(t *testing.T) string {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Now().In(zone).Format(time.DateOnly)
}

// An editor asks about a page, whatever its request is called.
func TestAPageIsFoundWhereverItIs(t *testing.T) {
	b, day := start(t, withPeople), siteDay(t)
	first, err := b.client.Ask(t.Context(), "www", "first", api.RequestInput{Source: release.FromContent, Actor: "Maria Sánchez", Title: "Opening hours", Link: "https://www.example.gov/visit/hours.html", Entity: "node/7"})
	if err != nil {
		t.Fatal(err)
	}
	old := first.ID
	b.run(t, b.job(t), release.Ready)
	if _, err := b.client.Ask(t.Context(), "www", "second", api.RequestInput{Source: release.FromContent, Actor: "newsroom", Title: "Opening night <b>"}); err != nil {
		t.Fatal(err)
	}
	b.job(t)
	b.await(t, release.Dispatched)
	r := signedInReader(t, b, editorToken)
	for query, want := range map[string][]string{
		"?q=opening":     {"2 hits, the newest first.", "Opening night <b>", "Opening hours", "Yes, it is live", "Not yet: it is on its way"},
		"?q=hours+MARIA": {"1 hit, the newest first.", "Live since"},
		"?q=" + url.QueryEscape("https://www.example.gov/visit/hours.html"): {"1 hit", "Opening hours"},
		"?q=%231":       {"One release has this number", "Release #1"},
		"?q=" + old:     {"1 hit", "Opening hours"},
		"?show=mine":    {"1 hit", "Opening night"},
		"?show=waiting": {"1 hit", "Opening night"},
		"?show=today":   {"1 hit", "Opening hours"},
		"?q=unheard-of": {"Nothing was found."},
		"":              {"Write a word"},
	} {
		p := r.Get("/sites/www/find" + query).Status(http.StatusOK)
		if query != "?show=today" || siteDay(t) == day { // midnight may have come
			p.Says(want...)
		}
		if strings.Contains(p.Text, "<b>") {
			t.Errorf("%s: a title is markup", query)
		}
	}
	r.Get("/sites/www/find?show=theirs").Status(http.StatusUnprocessableEntity)
	r.Get("/sites/nowhere/find?q=a").Status(http.StatusNotFound)
	r.Get("/sites/www").Says("Find my page", "Changed last: Opening hours", "Publishing 1 change.")

	found, err := b.client.Find(t.Context(), "www", "opening hours", "", 0)
	if err != nil || len(found.Requests) != 1 || found.Requests[0].ID != old || found.Requests[0].Status != release.Live {
		t.Errorf("the API finds %+v, %v", found, err)
	}
}

// "What went out yesterday at noon, and who asked?" is asked by the clock.
func TestADaySaysWhatWentLive(t *testing.T) {
	var r *browser.Reader
	var today, dated, yesterday browser.Page
	for day := ""; day != siteDay(t); { // once more where midnight came meanwhile
		day = siteDay(t)
		b := start(t, withPeople)
		if _, err := b.client.Ask(t.Context(), "www", "first", api.RequestInput{Source: release.FromContent, Actor: "Maria Sánchez", Title: "Opening <hours>"}); err != nil {
			t.Fatal(err)
		}
		b.run(t, b.job(t), release.Ready)
		r = signedInReader(t, b, editorToken)
		today, dated, yesterday = r.Get("/sites/www/releases?on=today"), r.Get("/sites/www/releases?on="+day), r.Get("/sites/www/releases?on=yesterday")
	}
	r.Get("/sites/www").Says("What went live:", "Yesterday", "Another day")
	today.Status(http.StatusOK).Says("1 release went live on this day.", "Opening <hours>", "Maria Sánchez", "The day before")
	dated.Says("1 release went live on this day.")
	yesterday.Says("Nothing went live on this day.", "The day after")
	r.Get("/sites/www/releases?on=2019-02-29").Status(http.StatusUnprocessableEntity)
	r.Get("/sites/www/releases?on=noon").Status(http.StatusUnprocessableEntity).Says("today, yesterday or a date")
	r.Get("/sites/secret/releases?on=today").Status(http.StatusNotFound)
}

// Who may roll back undoes the live release from where it is told.
func TestTheLiveReleaseIsUndoneFromWhereItIsTold(t *testing.T) {
	b := start(t, withPeople)
	undo := func(token string) string {
		t.Helper()
		text := signedInReader(t, b, token).Get("/sites/www").Status(http.StatusOK).Text
		_, said, _ := strings.Cut(text, "Undo: ")
		said, _, _ = strings.Cut(said, "…")
		return said
	}
	publish := func(key string) {
		t.Helper()
		if _, err := b.client.Ask(t.Context(), "www", key, api.RequestInput{Source: release.FromContent}); err != nil {
			t.Fatal(err)
		}
		b.run(t, b.job(t), release.Ready)
	}
	publish("first")
	if got := undo(operatorToken); got != "" {
		t.Errorf("there is nothing before the first release, and yet: %q", got)
	}
	publish("second")
	if got := undo(operatorToken); got != "back to release #1" {
		t.Errorf("the second release can be undone by %q", got)
	}
	if got := undo(editorToken); got != "" {
		t.Errorf("an editor may undo by %q", got)
	}
	if _, err := b.client.Ask(t.Context(), "www", "third", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	third := b.job(t)
	operator := signedInReader(t, b, operatorToken)
	operator.Get("/sites/www").Says("You can undo this when release #3 has ended.", "You can roll back when release #3 has ended.")
	for _, path := range []string{"/sites/www/releases", "/sites/www/releases?on=today", "/sites/www/rollback?to=1"} {
		p := operator.Get(path).Status(http.StatusOK).Says("You can roll back when release #3 has ended.")
		if strings.Contains(p.Text, "Roll back to") && strings.Contains(p.Text, `method="post" action="/sites/www/rollback"`) {
			t.Errorf("%s offers what is refused:\n%s", path, p.Text)
		}
		operator.Form("/reading", url.Values{"language": {"es"}}).Status(http.StatusSeeOther)
		operator.Get(path).Says("Podrá volver atrás cuando termine la publicación #3.")
		operator.Form("/reading", url.Values{"language": {""}}).Status(http.StatusSeeOther)
	}
	refused := url.Values{"to": {"1"}, "why": {"wrong hours"}}
	operator.Form("/sites/www/rollback", refused).Status(http.StatusConflict).Says("Release #3 is running: cancel it first, or wait until it has ended. Nothing was changed.")
	operator.Form("/sites/www/rollback", refused, "Accept-Language", "es").Status(http.StatusConflict).Says("La publicación #3 está en marcha: cancélela antes o espere a que termine. No se cambió nada.")
	if text := signedInReader(t, b, editorToken).Get("/sites/www/releases").Text; strings.Contains(text, "You can roll back") {
		t.Errorf("an editor is told when to roll back:\n%s", text)
	}
	if got := undo(operatorToken); got != "" {
		t.Errorf("beside a release that runs, the live one can be undone by %q", got)
	}
	b.run(t, third, release.Ready)
	if got := undo(operatorToken); got != "back to release #2" {
		t.Errorf("the third release can be undone by %q", got)
	}
	if _, err := b.client.Rollback(t.Context(), "www", api.RollbackInput{To: 1, Why: "wrong hours"}); err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	if got := undo(operatorToken); got != "" {
		t.Errorf("a rollback can be undone by %q", got)
	}
}

func TestAQueryParameterThatNobodyKnowsIsRefused(t *testing.T) {
	b := start(t, withPeople)
	for path, want := range map[string]string{
		"/v1/sites/www/find?query=a":      "limit, q, show are",
		"/v1/sites/www/releases?page=2":   "before, limit are",
		"/v1/sites/www?verbose=1":         "is not known here",
		"/v1/sites/www/requests?status=x": "is not known here",
	} {
		status, p := b.call(t, http.MethodGet, path, operatorToken, "")
		if status != http.StatusUnprocessableEntity || !strings.Contains(p.Error(), want) {
			t.Errorf("%s: %d %v", path, status, &p)
		}
	}
}
