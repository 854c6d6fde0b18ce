package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
)

// Somebody puts an earlier release back without the app: no answer of the app may
// go on to say that the later one is live.
func TestWhatWasChangedBehindTheAppIsSaidEverywhere(t *testing.T) {
	var byHand atomic.Value // what somebody put there; else it is as the app released it
	byHand.Store("")
	var running atomic.Pointer[bench] // the marker is looked at before start has returned
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, b := byHand.Load().(string), running.Load()
		if b == nil {
			http.Error(w, "the app has not begun", http.StatusServiceUnavailable)
			return
		}
		if site, err := b.app.ledger.Site(r.Context(), "www"); text == "" && err == nil {
			text = fmt.Sprintf(`{"site":"www","release":%d,"sequence":%[1]d}`, site.NowLive().Number)
		}
		_, _ = w.Write([]byte(text))
	}))
	b := startWith(t, Options{PublicTransport: http.DefaultTransport}, func(c *config.Config) {
		site := c.Sites["www"]
		site.URL = public.URL
		c.Sites["www"] = site
	})
	running.Store(b)
	t.Cleanup(public.Close)
	ask := func(key string) string {
		t.Helper()
		asked, err := b.client.Ask(t.Context(), "www", key, api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: "Hours " + key})
		if err != nil {
			t.Fatal(err)
		}
		b.run(t, b.job(t), release.Ready)
		return asked.ID
	}
	first := ask("one")
	if err := b.app.current.Load().marker.Look(t.Context(), "www"); err != nil {
		t.Fatal(err)
	}
	second := ask("two")
	if err := b.app.current.Load().marker.Look(t.Context(), "www"); err != nil {
		t.Fatal(err)
	}
	if got, err := b.client.Request(t.Context(), second); err != nil || got.Status != release.Live {
		t.Fatalf("before: %+v (%v)", got, err)
	}

	byHand.Store(`{"site":"www","release":1,"sequence":3}`)
	if err := b.app.current.Load().marker.Look(t.Context(), "www"); err != nil {
		t.Fatal(err)
	}
	site, err := b.client.Site(t.Context(), "www")
	if err != nil || site.Condition != "differs" || site.Shows == nil || site.Shows.Release != 1 || site.Headline != "Changed behind Pressrun" {
		t.Errorf("the site: %+v (%v)", site, err)
	}
	for id, want := range map[string]release.Status{first: release.Live, second: release.WasLive} {
		if got, err := b.client.Request(t.Context(), id); err != nil || got.Status != want {
			t.Errorf("request %q is %s, want %s (%v)", got.Title, got.Status, want, err)
		}
	}
	all, err := b.client.Releases(t.Context(), "www", 10, 0)
	if err != nil || slices.ContainsFunc(all, func(r api.Release) bool { return r.Live }) {
		t.Errorf("a release is still said to be live: %+v (%v)", all, err)
	}
	events, err := b.client.EventList(t.Context(), "www", 0, 0)
	if err != nil || !slices.ContainsFunc(events, func(e api.Event) bool { return e.Kind == release.KindDiffers }) {
		t.Errorf("no event tells of it (%v)", err)
	}
	r := newReader(t, b)
	r.SignIn(operatorToken, "/").Status(http.StatusSeeOther)
	r.Get("/sites/www").Status(http.StatusOK).Says("Changed behind Pressrun", "public address shows release #1, and not #2", "#2 Was live", "#1 Live again").SaysNot("Everything is live")
	r.Get("/").Says("Changed behind Pressrun", "1 changed behind pressrun · Sites")
	r.Get("/requests/"+second).Says("No longer: the site was changed behind Pressrun", "Was live with release #2").SaysNot("Yes, it is live")
	r.Get("/requests/" + first).Says("Yes, it is live")

	byHand.Store("")
	if err := b.app.current.Load().marker.Look(t.Context(), "www"); err != nil {
		t.Fatal(err)
	}
	r.Get("/sites/www").Says("Everything is live, as of release #2")
}
