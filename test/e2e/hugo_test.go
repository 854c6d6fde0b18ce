package e2e

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/demo/cms"
	"github.com/pressrun/pressrun/internal/demo/content"
	"github.com/pressrun/pressrun/internal/demo/public"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/servers"
)

// asker turns the CMS's changes into requests, as a CMS's plugin does.
type asker struct {
	app  *server
	site string
	ids  chan string
}

func (a *asker) ContentChanged(ctx context.Context, c cms.Change) error {
	r, err := a.app.client.Ask(ctx, a.site, c.ID, api.RequestInput{
		Source: release.FromContent, Actor: c.Actor, Title: c.Title, Link: c.Link, Entity: c.Entity, Reason: c.Action,
	})
	if err == nil {
		a.ids <- r.ID
	}
	return err
}

// TestAnEditInTheCMSIsOnTheHugoSiteMinutesLater publishes in the stand-in CMS;
// real Hugo builds the site from what it fetches.
func TestAnEditInTheCMSIsOnTheHugoSiteMinutesLater(t *testing.T) {
	t.Parallel()
	hugo := servers.Tool(t, "hugo")
	fetch := build(t, "github.com/pressrun/pressrun/test/e2e/hugocontent")
	dir := filepath.Join(t.TempDir(), "www")

	web := httptest.NewServer(public.Handler(public.Options{Dir: dir}))
	t.Cleanup(web.Close)
	ask := &asker{site: "www", ids: make(chan string, 100)}
	editors, err := cms.New(cms.Options{Site: content.Site{URL: web.URL}, Publisher: ask})
	if err != nil {
		t.Fatal(err)
	}
	office := httptest.NewServer(editors)
	t.Cleanup(office.Close)
	ask.app = serve(t, "www", map[string]any{
		"url":        web.URL,
		"source":     map[string]any{"folder": t.TempDir()},
		"wait_ready": map[string]any{"url": office.URL + "/healthz", "contains": "ready"},
		"build": map[string]any{
			"command": fetch + " && rm -rf public && " + hugo + " --quiet --destination public", "output": "public",
			"env": map[string]any{"CMS_URL": office.URL},
		},
		"deploy": map[string]any{"to": "file://" + dir},
	})
	running, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() { _ = editors.Run(running) }() // it always answers nil

	words := "Open until ten on Thursdays, " + time.Now().Format(time.RFC3339Nano)
	article, err := editors.Create(cms.Edit{Slug: "late-opening", Title: "Late opening", Summary: words, Body: words, Author: "Ada"}, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := editors.Publish(article.Article.ID, "Ada"); err != nil {
		t.Fatal(err)
	}
	d := ask.app.live(t, <-ask.ids)
	status, page, _ := get(t, web.URL+"/articles/late-opening/")
	if status != 200 || !strings.Contains(page, "Open until ten on Thursdays") {
		t.Errorf("the public page says %d %s", status, page)
	}
	if len(d.Served) != 1 || d.Served[0].Title != "Late opening" || d.Served[0].Actor != "Ada" {
		t.Errorf("the release served %+v", d.Served)
	}

	if _, err := editors.Unpublish(article.Article.ID, "Ada"); err != nil {
		t.Fatal(err)
	}
	ask.app.live(t, <-ask.ids)
	if status, _, _ := get(t, web.URL+"/articles/late-opening/"); status != 404 {
		t.Errorf("the unpublished page still answers %d", status)
	}
}
