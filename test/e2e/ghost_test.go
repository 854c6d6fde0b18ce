//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// newsletter is a Ghost with an owner who is signed in.
type newsletter struct {
	t      *testing.T
	url    string
	client *http.Client
}

// startGhost runs the Ghost that make e2e-cms has installed, with content of its own.
func startGhost(t *testing.T, folder string) *newsletter {
	t.Helper()
	address, home, content := servers.FreeAddress(t), t.TempDir(), filepath.Join(t.TempDir(), "content")
	if err := os.CopyFS(content, os.DirFS(filepath.Join(folder, "content"))); err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(address, ":")
	// Ghost finds itself by the folder that it is started in, and takes settings as
	// variables (https://ghost.org/docs/config/).
	settings := []string{
		"NODE_ENV=development", "url=http://" + address, "server__host=" + host, "server__port=" + port, "paths__contentPath=" + content,
		"database__client=sqlite3", "database__useNullAsDefault=true", "database__connection__filename=" + filepath.Join(home, "ghost.db"),
		"mail__transport=stub", "security__staffDeviceVerification=false", "privacy__useUpdateCheck=false", "logging__level=error",
	}
	var said output
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "node", "index.js")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = folder, append(os.Environ(), settings...), &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait() // "signal: killed", as meant
		if t.Failed() {
			t.Logf("Ghost said:\n%s", &said)
		}
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := &newsletter{t: t, url: "http://" + address, client: &http.Client{Jar: jar}}
	eventually.Succeeds(t, "Ghost", func() error {
		resp, err := n.client.Get(n.url + "/ghost/api/admin/site/")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", resp.Status)
		}
		return nil
	})
	n.call("POST", "authentication/setup/", map[string]any{"setup": []any{map[string]any{"name": "Ana Silva", "email": "ana@example.gov", "password": "a long word of a test", "blogTitle": "The library"}}})
	n.call("POST", "session/", map[string]any{"username": "ana@example.gov", "password": "a long word of a test"})
	return n
}

// call calls Ghost's API as its administration does.
func (n *newsletter) call(method, path string, body any) map[string]any {
	n.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		n.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(n.t.Context(), method, n.url+"/ghost/api/admin/"+path, bytes.NewReader(text))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Origin": {n.url}, "Accept-Version": {"v5.130"}}
	resp, err := n.client.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	var said bytes.Buffer
	if _, err := said.ReadFrom(resp.Body); err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		n.t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, said.String(), err)
	}
	var answer map[string]any
	_ = json.Unmarshal(said.Bytes(), &answer) // a session answers in a word
	return answer
}

// first is the first of what an answer has under a name.
func (n *newsletter) first(answer map[string]any, name string) map[string]any {
	n.t.Helper()
	all, _ := answer[name].([]any)
	if len(all) == 0 {
		n.t.Fatalf("no %s in %v", name, answer)
	}
	one, _ := all[0].(map[string]any)
	return one
}

// TestWhatIsPublishedInGhostIsReleased follows docs/cms/ghost.md with a real Ghost.
func TestWhatIsPublishedInGhostIsReleased(t *testing.T) {
	folder := os.Getenv("PRESSRUN_GHOST")
	if folder == "" {
		t.Skip("SKIPPED: make e2e-cms installs a Ghost, which takes minutes, and runs this test")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("the secret of a test"), 0o600); err != nil {
		t.Fatal(err)
	}
	site, _ := folderSite(t, "mkdir -p out && echo '<!doctype html><title>News</title>' > out/index.html")
	site["hooks"] = []any{map[string]any{"name": "ghost", "dialect": "ghost", "secret_file": secret}}
	app := serve(t, "www", site)
	made, err := app.client.NewHookAddress(t.Context(), "www", "ghost")
	if err != nil {
		t.Fatal(err)
	}
	n := startGhost(t, folder)
	integration := n.first(n.call("POST", "integrations/", map[string]any{"integrations": []any{map[string]any{"name": "Pressrun"}}}), "integrations")
	for _, event := range []string{"post.published", "post.unpublished"} {
		n.call("POST", "webhooks/", map[string]any{"webhooks": []any{map[string]any{
			"name": event, "event": event, "target_url": made.Address + "/" + event, "secret": "the secret of a test", "integration_id": integration["id"],
		}}})
	}
	post := n.first(n.call("POST", "posts/", map[string]any{"posts": []any{map[string]any{"title": "Snow day"}}}), "posts")
	post = n.publish(post, "published")
	d := told(t, app, "post.published")
	if d.Title != "Snow day" || d.Decision != "release" || d.Actor != "Ana Silva" {
		t.Errorf("told of the publishing: %+v", d)
	}
	app.live(t, d.Request)
	n.publish(post, "draft")
	if d := told(t, app, "post.unpublished"); d.Decision != "release" {
		t.Errorf("told of the unpublishing: %+v", d)
	}
}

// publish gives a post a status, and the post as it is then.
func (n *newsletter) publish(post map[string]any, status string) map[string]any {
	n.t.Helper()
	return n.first(n.call("PUT", fmt.Sprintf("posts/%s/", post["id"]), map[string]any{"posts": []any{map[string]any{"status": status, "updated_at": post["updated_at"]}}}), "posts")
}

// told waits until a hook was told of an event.
func told(t *testing.T, app *server, event string) (found api.HookDelivery) {
	t.Helper()
	eventually.Holds(t, "the hook to be told of "+event, func() bool {
		all, err := app.client.HookDeliveries(t.Context(), "www", "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all {
			if d.Event == event {
				found = d
			}
		}
		return found.ID != ""
	})
	return found
}
