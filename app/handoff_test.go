package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/freeport"
	"github.com/pressrun/pressrun/test/servers"
)

// bulletins is a CMS that sends the bulletins that it queued up to an instant.
type bulletins struct {
	mu    sync.Mutex
	asked []string
}

func (c *bulletins) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if user, password, _ := r.BasicAuth(); user != "api" || password != "secret" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	c.asked = append(c.asked, r.URL.Query().Get("EndTime")+" "+r.URL.Query().Get("runNumber"))
	fmt.Fprint(w, "2 bulletins <b>sent</b>")
}

func (c *bulletins) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.asked...)
}

// mailer is the example receiver, in front of a CMS.
func mailer(t *testing.T, cms http.Handler) (address, secretFile string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		servers.Missing(t, "python3, so the example of a receiver is not tried", "apt-get install python3")
	}
	srv := httptest.NewServer(cms)
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	secretFile = filepath.Join(dir, "secret")
	for file, text := range map[string]string{secretFile: signingSecret + "\n", filepath.Join(dir, "auth"): "api:secret\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listen, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", "../examples/handoff/govdelivery.py")
	cmd.Env = append(os.Environ(), "HANDOFF_SECRET_FILE="+secretFile, "HANDOFF_STATE="+filepath.Join(dir, "upto"), "BULLETINS_URL="+srv.URL+"/queue",
		"BULLETINS_AUTH_FILE="+filepath.Join(dir, "auth"), "LISTEN="+listen)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually.Holds(t, "the receiver listens", func() bool {
		resp, err := http.Post("http://"+listen, "text/plain", strings.NewReader("x"))
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusUnauthorized
	})
	return "http://" + listen + "/", secretFile
}

func TestBulletinsWaitUntilTheirPagesAreLive(t *testing.T) {
	cms := &bulletins{}
	address, secretFile := mailer(t, cms)
	b := start(t, func(c *config.Config) {
		withPeople(c)
		withMonitor(c)
		site := c.Sites["www"]
		site.Notify = []config.Target{{Name: "bulletins", Kind: "handoff", URL: address, SecretFile: secretFile}}
		c.Sites["www"] = site
	})
	b.ask(t, release.FromContent)
	b.run(t, b.job(t), release.Ready)
	eventually.Holds(t, "the CMS is asked to send", func() bool { return len(cms.all()) > 0 })
	live := b.site(t).Live
	if got, want := cms.all(), strconv.FormatInt(live.Watermark.Unix(), 10)+" 1"; len(got) != 1 || got[0] != want {
		t.Errorf("the CMS was asked for %q, want %q", got, want)
	}
	var all []api.Notice
	eventually.Holds(t, "the hand-off is taken", func() bool {
		var err error
		all, err = b.client.Notices(t.Context(), "www", api.NoticeQuery{State: "delivered", Limit: 10})
		return err == nil && len(all) == 1
	})
	if n := all[0]; n.Type != "content.live" || n.Answer != "the CMS answered 200: 2 bulletins <b>sent</b>" || n.Watermark == nil {
		t.Errorf("it is kept that %+v", n)
	}
	r := signedInReader(t, b, operatorToken)
	r.Get("/sites/www/operate").Says("Handed off", "On time", "2 bulletins <b>sent</b>")
	if figures := b.scrape(t); !strings.Contains(figures, `pressrun_handoff_oldest_age_seconds{site="www",target="bulletins"} 0`) ||
		!strings.Contains(figures, `pressrun_handoff_watermark_timestamp_seconds{site="www",target="bulletins"} 1.`) {
		t.Error("the figures do not tell of the hand-off")
	}
	// Sent again, it changes nothing: the receiver knows the watermark.
	if _, err := b.client.ReplayNotice(t.Context(), "www", all[0].ID); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "it is sent again", func() bool {
		n, err := b.client.Notice(t.Context(), "www", all[0].ID)
		return err == nil && n.State == "delivered" && strings.HasPrefix(n.Answer, "sent before")
	})
	if got := cms.all(); len(got) != 1 {
		t.Errorf("the CMS was asked again: %q", got)
	}
}
