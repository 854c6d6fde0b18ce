package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/test/servers"
)

const cmsExamples = "../../examples/cms"

// TestTheExamplesForCMSsAreWellFormed looks at those that can't be run here: by the
// language's own compiler, which is no proof that they work.
func TestTheExamplesForCMSsAreWellFormed(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir(cmsExamples, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		switch filepath.Ext(path) {
		case ".php", ".module":
			return command(t, "php", "-l", path)
		case ".py":
			return command(t, "python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])", path)
		case ".yml":
			text, err := os.ReadFile(path)
			var found map[string]any
			return errors.Join(err, yaml.UnmarshalWithOptions(text, &found, yaml.Strict()))
		case ".json":
			text, err := os.ReadFile(path)
			var found map[string]any
			return errors.Join(err, json.Unmarshal(text, &found))
		}
		return nil
	})
	if err != nil || seen < 15 {
		t.Errorf("%d files: %v", seen, err)
	}
}

// command runs a compiler, whose words are the error.
func command(t *testing.T, name string, args ...string) error {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		servers.Missing(t, name+", so examples in its language are not looked at", "tools/packages")
	}
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		return errors.New(string(out))
	}
	return nil
}

// TestTheBodyOfTheDirectusFlowIsRead fills the flow's template in as Directus does:
// what is not there is the word undefined.
func TestTheBodyOfTheDirectusFlowIsRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(cmsExamples, "directus/operation.json"))
	if err != nil {
		t.Fatal(err)
	}
	var operation struct{ Options struct{ Body string } }
	if err := json.Unmarshal(text, &operation); err != nil {
		t.Fatal(err)
	}
	body := strings.NewReplacer("{{$trigger.event}}", "pages.items.update", "{{$trigger.collection}}", "pages", "{{$trigger.key}}", "undefined",
		"{{$trigger.keys}}", `[\"42\"]`, "{{$trigger.payload.status}}", "published", "{{$accountability.user}}", "ana").Replace(operation.Options.Body)
	directus, _ := cms.Find("directus")
	events, err := directus.Events(cms.Delivery{Method: http.MethodPost, Header: http.Header{}, Body: []byte(body)})
	if err != nil || len(events) != 1 {
		t.Fatalf("%s: %v, %v", body, events, err)
	}
	if e := events[0]; e.Name != "pages.items.update" || e.Entity != "42" || e.Action != cms.Published || e.User != "ana" || strings.Contains(body, "{{") {
		t.Errorf("%s is read as %+v", body, e)
	}
}

// whatWagtailSays has the app for Wagtail call a hook and read what became of it.
const whatWagtailSays = `
import json, sys
sys.path.insert(0, sys.argv[1])
from pressrun import client
hook, secret, token = sys.argv[2:5]
event = {"type": "page.published", "timestamp": "2026-11-28T12:00:00Z", "data": {"type": "news.NewsPage", "id": "3", "title": "Öffnungszeiten \"neu\"", "url": "/news/", "user": "Ana"}}
told = client.send(hook, secret, "wagtail_1", event)
again = client.send(hook, secret, "wagtail_1", event)
refused = []
for bad in [lambda: client.send(hook, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "wagtail_2", event), lambda: client.send(hook[:-4] + "aaaa", secret, "wagtail_3", event),
            lambda: client.send("http://127.0.0.1:1/hooks/www/prh_secret", secret, "wagtail_4", event), lambda: client.send("http://127.0.0.1/", secret, "wagtail_5", event)]:
    try:
        refused.append(str(bad()))
    except client.NotTaken as e:
        refused.append("NotTaken " + str(e))
print(json.dumps({"told": told, "again": again, "refused": refused, "words": client.words(client.request(hook, token, told["request"])),
    "live": client.words({"standing": "live", "live_at": "2026-11-28T12:00:00.123456Z"})}))
`

// TestTheAppForWagtailIsUnderstood runs the part of it that needs no Wagtail.
func TestTheAppForWagtailIsUnderstood(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		servers.Missing(t, "python3, so the app for Wagtail is not tried", "apt-get install python3")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(vendorSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	site, _ := folderSite(t, "true")
	site["quiet"], site["max_wait"] = "1h", "1h"
	site["hooks"] = []any{map[string]any{"name": "wagtail", "dialect": "wagtail", "secret_file": secret}}
	app := serve(t, "www", site)
	made, err := app.client.NewHookAddress(t.Context(), "www", "wagtail")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-B", "-c", whatWagtailSays, filepath.Join(cmsExamples, "wagtail"), made.Address, vendorSecret, operatorToken)
	cmd.Env = append(os.Environ(), "TZ=UTC", "PYTHONUTF8=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	var got struct {
		Told, Again struct{ Request, Decision string }
		Refused     []string
		Words, Live string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Told.Decision != "release" || got.Again.Decision != "again" || got.Told.Request == "" || got.Told.Request != got.Again.Request {
		t.Errorf("told twice: %+v, %+v", got.Told, got.Again)
	}
	for i, want := range []string{"NotTaken Pressrun answered 403.", "NotTaken Pressrun answered 404.", "NotTaken Pressrun can't be reached.", "NotTaken PRESSRUN_HOOK is no address"} {
		if !strings.HasPrefix(got.Refused[i], want) || strings.Contains(got.Refused[i], "prh_") {
			t.Errorf("refused: %q, want %q and no secret", got.Refused[i], want)
		}
	}
	if got.Words == "" || got.Live != "live since 2026-11-28 12:00 UTC" {
		t.Errorf("it says %q and %q", got.Words, got.Live)
	}
	r, err := app.client.Request(t.Context(), got.Told.Request)
	if err != nil || r.Title != `Öffnungszeiten "neu"` || r.Entity != "news.NewsPage/3" || r.Actor != "Ana" {
		t.Errorf("the request is %+v, %v", r, err)
	}
}
