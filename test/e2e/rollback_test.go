package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
)

// visited is what a visitor finds at an address.
func visited(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestARollbackIsAnActOfTheSite goes from two releases back to the first, on the
// command line, and on to a third; what visitors find is what the app says.
func TestARollbackIsAnActOfTheSite(t *testing.T) {
	source, dest := t.TempDir(), filepath.Join(t.TempDir(), "www")
	public := httptest.NewServer(http.FileServer(http.Dir(dest)))
	t.Cleanup(public.Close)
	s := serve(t, "www", map[string]any{
		"url": public.URL, "source": map[string]any{"folder": source},
		"build":  map[string]any{"command": "mkdir -p public && cp page.html public/index.html", "output": "public"},
		"deploy": map[string]any{"to": "file://" + dest},
	})
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(source, "page.html"), []byte("<!doctype html><title>Page</title><p>"+text+"</p>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit := func(text string) string {
		t.Helper()
		write(text)
		asked, err := s.client.Ask(t.Context(), "www", text, api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: text})
		if err != nil {
			t.Fatal(err)
		}
		s.live(t, asked.ID)
		eventually.Holds(t, "the end of the release", func() bool {
			site, err := s.client.Site(t.Context(), "www")
			return err == nil && site.State == release.Ready
		})
		return asked.ID
	}
	status := func(id string) api.Request {
		t.Helper()
		r, err := s.client.Request(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first, second := edit("the first"), edit("the second")
	if page := visited(t, public.URL); !strings.Contains(page, "the second") {
		t.Fatalf("the page says %s", page)
	}

	// Nothing is built: the site's source may be away.
	away := source + "-away"
	if err := os.Rename(source, away); err != nil {
		t.Fatal(err)
	}
	back := exec.Command(build(t, program.Main), "rollback", "1", "--site", "www", "--why", "the prices are wrong", "--actor", "Ana", "--app", s.url)
	back.Env = append(os.Environ(), "PRESSRUN_TOKEN="+operatorToken)
	if out, err := back.CombinedOutput(); err != nil || !strings.Contains(string(out), "Release #3 rolls the site back to #1") {
		t.Fatalf("rollback: %v\n%s", err, out)
	}
	var site api.Site
	eventually.Holds(t, "the rollback", func() bool {
		var err error
		site, err = s.client.Site(t.Context(), "www")
		return err == nil && site.Held != nil
	})
	if page := visited(t, public.URL); !strings.Contains(page, "the first") {
		t.Errorf("after the rollback the page says %s", page)
	}
	var marker struct{ Release, Sequence int64 }
	if err := json.Unmarshal([]byte(visited(t, public.URL+"/pressrun-release.json")), &marker); err != nil || marker.Release != 1 || marker.Sequence < 3 {
		t.Errorf("the marker is %+v (%v)", marker, err)
	}
	if site.Condition != "rolled_back" || site.Held.Why != "rolled back to #1 by Ana (test): the prices are wrong" || site.Live == nil || site.Live.Number != 3 || site.Live.RollbackTo != 1 {
		t.Errorf("the site: %+v", site)
	}
	if got := status(first); got.Status != release.Live {
		t.Errorf("the first request is %s: %s", got.Status, got.Text)
	}
	if got := status(second); got.Status != release.WasLive || !strings.Contains(got.Text, "the site was rolled back to #1 by Ana (test)") {
		t.Errorf("the second request is %s: %s", got.Status, got.Text)
	}

	// A change of content waits; a person goes on.
	if err := os.Rename(away, source); err != nil {
		t.Fatal(err)
	}
	waits, err := s.client.Ask(t.Context(), "www", "content", api.RequestInput{Source: release.FromContent, Actor: "the CMS"})
	if err != nil {
		t.Fatal(err)
	}
	if got := status(waits.ID); got.Condition != "rolled_back" {
		t.Errorf("a change of content: %+v", got)
	}
	third := edit("the third")
	for _, id := range []string{first, second, waits.ID, third} {
		if got := status(id); got.Status != release.Live {
			t.Errorf("request %s is %s: %s", got.Title, got.Status, got.Text)
		}
	}
	if page := visited(t, public.URL); !strings.Contains(page, "the third") {
		t.Errorf("the page says %s", page)
	}
}
