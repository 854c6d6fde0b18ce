package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// A build that prints all it knows, in every form, fails: neither its output, nor the
// app's, nor pages, events, answers or backups have a secret of the server's.
func TestABuildThatPrintsEverySecretTellsNone(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{
		"AWS_SECRET_ACCESS_KEY": "wJalr/XUtnFEMI+K7MDENG/bPxRfiCY", "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEJr//////////wEaCXVz",
		"FASTLY_API_TOKEN": "fastly-7Hq9zT2kLm4vX8", "CLOUDFLARE_API_TOKEN": "cloudflare-1Yb5nR6wPc3sD",
		"PRESSRUN_CDN_WEBHOOK_SECRET": "cdnhook-0Gf8jK2mQx7Z!", "CMS_TOKEN": "cms-token 'of' a \"site\" & more",
	}
	site, _ := folderSite(t, strings.Join([]string{
		"env", "env | base64 -w0", "echo; env | od -An -tx1 | tr -d ' \\n'", `echo; for v in "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN" "$CMS_TOKEN"; do printf '%s' "$v" | base64 -w0; echo; done`,
		"cat /proc/$PPID/environ 2>/dev/null | tr '\\0' '\\n'", `echo "ERROR: no login with $CMS_TOKEN" >&2`, "exit 3",
	}, "; "))
	app := configure(t, stateFolder(t), "www", site)
	app.cmd = app.command(t)
	app.cmd.Env = os.Environ()
	for name, secret := range secrets {
		app.cmd.Env = append(app.cmd.Env, name+"="+secret)
	}
	if err := app.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { app.stop(t) })
	servers.WaitHTTP(t, app.url+"/healthz")
	if _, err := app.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromEditor}); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "the build to fail", func() bool {
		r, err := app.client.Release(t.Context(), "www", 1)
		return err == nil && r.Outcome == release.Failed
	})
	said := map[string]string{"what the server printed": app.output.String()}
	for _, path := range []string{"/v1/sites/www/releases/1/log", "/v1/sites/www/releases/1", "/v1/sites/www", "/v1/events?after=0&limit=500", "/v1/backup", "/sites/www", "/sites/www/releases/1"} {
		said[path] = readAs(t, app.url+path)
	}
	if err := filepath.WalkDir(filepath.Dir(app.file), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			text, _ := os.ReadFile(path)
			said[path] = string(text)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said["/v1/sites/www/releases/1/log"], "no login with ***") {
		t.Errorf("the build's output is\n%s", said["/v1/sites/www/releases/1/log"])
	}
	secrets["the operator's token"] = operatorToken
	for where, text := range said {
		for name, secret := range secrets {
			for _, form := range []string{secret, url.QueryEscape(secret), hex.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret))[:len(secret)]} {
				if strings.Contains(text, form) {
					t.Errorf("%s has %s as %.12s…", where, name, form)
				}
			}
		}
	}
}

func readAs(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	req.Header.Set("Accept", "application/json, text/html;q=0.9")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", address, resp.Status, err)
	}
	return string(text)
}
