package app

import (
	"net/url"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// "Live at the origin, edge pending" is not "live", wherever it is asked.
func TestWhatTheCDNMayStillHideIsNotJustCalledLive(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, editorToken)
	asked := b.ask(t, release.FromContent)
	b.run(t, b.job(t), release.Ready)
	pending := `{"pages":1,"edge":{"cdn":"varnish www","state":"pending","why":"it did not answer","purged":0,"seconds":3}}`
	if err := b.app.ledger.PutMetrics(t.Context(), "www", 1, pending); err != nil {
		t.Fatal(err)
	}
	const words = "varnish www may still show what was replaced (it did not answer)"
	texts := func() (texts []string) {
		site, err := b.client.Site(t.Context(), "www")
		if err != nil {
			t.Fatal(err)
		}
		request, err := b.client.Request(t.Context(), asked.ID)
		if err != nil {
			t.Fatal(err)
		}
		return []string{site.Text, request.Text}
	}
	for _, text := range texts() {
		if !strings.Contains(text, words) {
			t.Errorf("it is said: %s", text)
		}
	}
	r.Get("/").Says("Edge pending")
	r.Get("/sites/www").Says("Edge pending.", words)
	r.Get("/requests/"+asked.ID).Says("Yes, at the origin: the CDN may still show the old page", words)

	// The next release finishes it.
	r.Form("/sites/www/requests", url.Values{"key": {"k"}})
	b.run(t, b.job(t), release.Ready)
	for _, text := range texts() {
		if strings.Contains(text, "edge pending") {
			t.Errorf("it is still said: %s", text)
		}
	}
	r.Get("/requests/" + asked.ID).Says("Yes, it is live").SaysNot("Edge pending")
}

func TestARequestInAReleaseThatIsBeingCancelledIsToldSo(t *testing.T) {
	b := start(t, withPeople)
	asked := b.ask(t, release.FromContent)
	b.run(t, b.job(t), release.InProgress)
	if _, err := b.client.Act(t.Context(), "www", "cancel", api.ActInput{Why: "wrong photo"}); err != nil {
		t.Fatal(err)
	}
	got, err := b.client.Request(t.Context(), asked.ID)
	if err != nil || !strings.Contains(got.Text, "it is being cancelled by ops") || got.ExpectedAt != nil {
		t.Errorf("%+v %v", got, err)
	}
	signedInReader(t, b, editorToken).Get("/requests/" + asked.ID).Says("it is being cancelled by ops")
}
