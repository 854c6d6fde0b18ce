package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// An editor asks about a page, whatever its request is called.
func TestAPageIsFoundWhereverItIs(t *testing.T) {
	b := start(t, withPeople)
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
		p := r.Get("/sites/www/find" + query).Status(http.StatusOK).Says(want...)
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
