package app

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/release"
)

// published are releases 1, 2, … of the site www as its folder keeps them, and the
// configuration that names the folder.
func published(t *testing.T, builds ...map[string]string) func(*config.Config) {
	t.Helper()
	to := "file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "www"))
	dest, err := destination.Open(t.Context(), to, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, build := range builds {
		dir := t.TempDir()
		for name, body := range build {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := engine.Run(t.Context(), dest, engine.Options{Source: dir, Site: "www", Release: int64(i + 1), Now: time.Now}); err != nil {
			t.Fatal(err)
		}
	}
	return func(c *config.Config) {
		site := c.Sites["www"]
		site.Deploy.To = to
		c.Sites["www"] = site
	}
}

// hours are two releases of a site: its hours change, with markup that must stay text.
var hours = []map[string]string{
	{"index.html": "<title>Hours</title><p>We open at 9 every day.", "404.html": "x"},
	{"index.html": "<title>Opening hours</title><p>We open at 10 &lt;b&gt; every day.", "404.html": "x", "new.html": "<title>New</title>New."},
}

// releasedThrice is an app whose site has had the two releases, and one that failed.
func releasedThrice(t *testing.T) *bench {
	t.Helper()
	b := start(t, func(c *config.Config) {
		published(t, hours...)(c)
		withPeople(c)
	})
	for range 2 {
		b.ask(t, release.FromEditor)
		b.run(t, b.job(t), release.Ready)
	}
	return b
}

func TestWhatDiffersBetweenTwoReleasesIsToldToPrograms(t *testing.T) {
	b := releasedThrice(t)
	got, err := b.client.Differences(t.Context(), "www", 1, 2, 0)
	if err != nil || got.Added != 1 || got.Changed != 1 || len(got.Pages) != 2 || got.Pages[0].Title != "Opening hours" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := b.client.Differences(t.Context(), "www", 0, 0, 1); err != nil || got.From != 1 || got.To != 2 || got.More != 1 {
		t.Errorf("the live one: %+v %v", got, err)
	}
	text, err := b.client.PageText(t.Context(), "www", 1, 2, "index.html")
	if err != nil || text.Change != api.PageChanged || text.OldTitle != "Hours" || len(text.Rows) != 1 {
		t.Errorf("%+v %v", text, err)
	}
	for name, tt := range map[string]struct {
		from, to int64
		path     string
		status   int
		code     string
	}{
		"a release that never was": {1, 99, "index.html", http.StatusNotFound, "not_found"},
		"no such page":             {1, 2, "nowhere.html", http.StatusNotFound, "not_found"},
		"not a page of the site":   {1, 2, "../www.pressrun/head", http.StatusNotFound, "not_found"},
	} {
		_, err := b.client.PageText(t.Context(), "www", tt.from, tt.to, tt.path)
		if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != tt.status || p.Code != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where the app can't read what was published, it says so and where to ask.
func TestWhatWasPublishedElsewhereCanNotBeCompared(t *testing.T) {
	b := start(t, withPeople)
	_, err := b.client.Differences(t.Context(), "www", 0, 0, 0)
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != http.StatusConflict || p.Code != "published_elsewhere" {
		t.Errorf("%v", err)
	}
	b = start(t, published(t)) // nothing was published yet
	_, err = b.client.Differences(t.Context(), "www", 0, 0, 0)
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != http.StatusNotFound || p.Code != "not_kept" {
		t.Errorf("%v", err)
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b = start(t, func(c *config.Config) {
		site := c.Sites["www"]
		site.Deploy.To = "file://" + filepath.ToSlash(filepath.Join(blocked, "www"))
		c.Sites["www"] = site
	})
	_, err = b.client.Differences(t.Context(), "www", 0, 0, 0)
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status == http.StatusOK {
		t.Errorf("%v", err)
	}
}

func TestAReaderComparesTwoReleasesWithoutJavaScript(t *testing.T) {
	b := releasedThrice(t)
	r := signedInReader(t, b, editorToken)
	r.Get("/sites/www/releases").Says("Compare two releases", "Older release", "Newer release", "Release #1, ", "Compare")
	r.Get("/sites/www/differences?from=1&to=2").Status(http.StatusOK).
		Says("From release #1 to release #2: 1 page changed, 1 added, 0 removed.", "Opening hours, old and new text Changed", "New, old and new text Added /new.html")
	r.Get("/sites/www/differences?from=1&to=2&page=index.html").Status(http.StatusOK).
		Says("All pages that differ", "Release #1 Release #2", "We open at 9 every day.", "We open at 10 <b> every day.")
	r.Get("/sites/www/differences?from=1&to=2&page=404.html").Says("The page is the same in both releases.")
	r.Get("/sites/www/differences").Says("From release #1 to release #2")
	r.Get("/sites/www/differences?to=1").Says("With release #1, the first one that is known there: 0 pages changed, 2 added")
	r.Get("/sites/www/releases/2").Says("What it changed, page by page: the old text beside the new one")
	r.Get("/sites/www/differences?from=1&to=2&page=nowhere.html").Status(http.StatusNotFound)
	r.Get("/sites/www/differences?from=1&to=99").Status(http.StatusNotFound)
	for _, number := range []string{"x", "-1", "1e3"} {
		r.Get("/sites/www/differences?to=" + number).Status(http.StatusUnprocessableEntity)
	}
	other := signedInReader(t, start(t, withPeople), editorToken)
	other.Get("/sites/www/differences").Status(http.StatusOK).Says("not published by the app itself", "pressrun diff FROM TO --text --at s3://BUCKET --site www")
	kept := signedInReader(t, start(t, func(c *config.Config) {
		withPeople(c)
		published(t)(c)
	}), editorToken)
	kept.Get("/sites/www/differences").Status(http.StatusOK).Says("has no list of what one of these releases published")
}
