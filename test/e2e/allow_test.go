package e2e

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

func TestAGuardIsLetPassForOneReleaseAndNoOther(t *testing.T) {
	t.Parallel()
	site, published := folderSite(t, "mkdir -p out; echo '<title>Hello</title>' > out/index.html; : > out/empty.html; echo $PRESSRUN_RELEASE > out/number.txt")
	site["retry"] = []string{}
	app := serve(t, "www", site)
	held := func(number int64) {
		t.Helper()
		eventually.Holds(t, "the hold", func() bool {
			now, err := app.client.Site(t.Context(), "www")
			return err == nil && now.Held != nil && now.Last != nil && now.Last.Number == number
		})
		d, err := app.client.Release(t.Context(), "www", number)
		if err != nil || len(d.Guards) != 1 || d.Guards[0] != "zero-byte-pages" || d.Allowed != nil {
			t.Fatalf("release #%d: %+v %v", number, d.Release, err)
		}
	}
	asked, err := app.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent})
	if err != nil {
		t.Fatal(err)
	}
	held(1)
	wrong := api.AllowInput{Guards: []string{"vanished-pages"}, Why: "wrong one"}
	if _, err := app.client.Allow(t.Context(), "www", wrong); api.CodeOf(err) != string(release.CodeNothingToDo) {
		t.Fatalf("another guard was let pass: %v", err)
	}
	if _, err := app.client.Allow(t.Context(), "www", api.AllowInput{Guards: []string{"zero-byte-pages"}, Why: "it is a probe", Actor: "Olga"}); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "the release", func() bool { return what(t, app, asked.ID).Status == release.Live })
	if text, err := os.ReadFile(filepath.Join(published, "number.txt")); err != nil || string(text) != "2\n" {
		t.Errorf("live is %q %v", text, err)
	}
	d, err := app.client.Release(t.Context(), "www", 2)
	if err != nil || d.Allowed == nil || !strings.HasPrefix(d.Allowed.By, "Olga") || d.Allowed.Why != "it is a probe" {
		t.Errorf("release #2: %+v %v", d.Release, err)
	}
	log, err := app.client.Log(t.Context(), "www", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if text, err := io.ReadAll(log); err != nil || !strings.Contains(string(text), "let pass this once, allowed by Olga") {
		t.Errorf("the log does not say who allowed it: %s %v", text, err)
	}
	if _, err := app.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent}); err != nil {
		t.Fatal(err)
	}
	held(3)
}
