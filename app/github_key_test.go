package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/fakesecrets"
)

func notSetUpYet(c *config.Config) {
	c.GitHub.AppID, c.GitHub.KeyFile, c.GitHub.WebhookSecretFiles = 0, "", nil
}

// setUp plays an operator's way through /setup, and gives their browser.
func (h *hub) setUp(t *testing.T, form url.Values) *visitor {
	t.Helper()
	v := newVisitor(t)
	form.Set("code", h.setupCode(t))
	status, page, _ := v.do("POST", h.url+"/setup", form)
	found := stateOf.FindStringSubmatch(page)
	if status != http.StatusOK || found == nil {
		t.Fatalf("/setup gave %d:\n%s", status, page)
	}
	status, page, _ = v.do("GET", h.url+"/setup/created?state="+found[1]+"&code="+h.github.Approve(), nil)
	if status != http.StatusOK {
		t.Fatalf("the way back gave %d:\n%s", status, page)
	}
	return v
}

// noSecret looks for the App's secrets where people or other programs look.
func (h *hub) noSecret(t *testing.T, v *visitor) {
	t.Helper()
	for _, text := range append(v.seen, h.logs.String()) {
		for _, secret := range []string{"PRIVATE KEY", "a webhook secret", "a client secret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in a page or in the log:\n%s", secret, text)
			}
		}
	}
}

func TestSetUpKeepsTheAppInSecretsManager(t *testing.T) {
	for name, of := range map[string]struct {
		configured string
		form       url.Values
	}{
		"as the operator chose": {"", url.Values{"secret": {" pressrun/app "}}},
		"as configured":         {"pressrun/app", url.Values{"secret": {"another"}}},
	} {
		t.Run(name, func(t *testing.T) {
			fake := fakesecrets.Start(t)
			h := startHub(t, fakegithub.Options{}, func(c *config.Config) { notSetUpYet(c); c.GitHub.KeySecret = of.configured })
			v := h.setUp(t, of.form)
			if !strings.Contains(fake.Value("pressrun/app"), "PRIVATE KEY") || fake.Value("another") != "" {
				t.Errorf("Secrets Manager has %d bytes in the secret, calls %q", len(fake.Value("pressrun/app")), fake.Calls())
			}
			kept, err := os.ReadFile(h.madeFile())
			if err != nil || string(kept) != `{"key_secret":"pressrun/app"}` {
				t.Errorf("the state folder has %d bytes, %v: more than where the key is", len(kept), err)
			}
			h.noSecret(t, v)
			h.ask(t, "Signed with the key in the secret")
			h.until(t, "dispatched", inState(release.Dispatched))
			// As after a restart.
			var made struct {
				Secret string `json:"webhook_secret"`
			}
			if err := json.Unmarshal([]byte(fake.Value("pressrun/app")), &made); err != nil {
				t.Fatal(err)
			}
			again, err := h.restarted(t)
			if err != nil || made.Secret == "" || !knowsSecret(t, again, made.Secret) {
				t.Errorf("after a restart: %v", err)
			}
		})
	}
}

func TestSetUpAsksForTheSecretBeforeGitHub(t *testing.T) {
	fake := fakesecrets.Start(t)
	h := startHub(t, fakegithub.Options{}, notSetUpYet)
	fake.Put("taken", "somebody else's")
	v := newVisitor(t)
	try := func(secret string) (int, string) {
		status, page, _ := v.do("POST", h.url+"/setup", url.Values{"code": {h.setupCode(t)}, "secret": {secret}})
		return status, page
	}
	for _, secret := range []string{"taken", `"><script>`, "arn:aws:s3:::bucket", strings.Repeat("x", 513)} {
		status, page := try(secret)
		if status != http.StatusUnprocessableEntity || strings.Contains(page, "<script>") || strings.Contains(page, "settings/apps/new") || strings.Contains(page, "somebody else") {
			t.Errorf("%q gave %d:\n%s", secret, status, page)
		}
	}
	if status, _, _ := v.do("POST", h.url+"/setup", url.Values{"code": {"a guess"}, "secret": {"free"}}); status != http.StatusForbidden || len(fake.Calls()) != 1 {
		t.Errorf("a wrong code gave %d and asked AWS: %q", status, fake.Calls())
	}
	fake.Deny("GetSecretValue")
	if status, page := try("free"); status != http.StatusUnprocessableEntity || !strings.Contains(page, "does not let Pressrun") {
		t.Errorf("a secret that may not be read gave %d:\n%s", status, page)
	}
}

func TestAKeyOfAnAppMadeByHandIsInSecretsManager(t *testing.T) {
	fake := fakesecrets.Start(t)
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) {
		pem, err := os.ReadFile(c.GitHub.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		fake.Put("app", string(pem))
		c.GitHub.KeyFile, c.GitHub.KeySecret = "", "app"
	})
	h.ask(t, "Signed")
	h.until(t, "dispatched", inState(release.Dispatched))
	key := fake.Value("app")
	for name, of := range map[string]struct{ value, says string }{
		"another App's":  {`{"app_id":9999,"key":"hush"}`, "GitHub App 9999"},
		"no App":         {`{"key":"hush"}`, "lacks app_id or key"},
		"damaged":        {`{"key":"hush`, "not what /setup writes"},
		"no key":         {"hush", "no private key"},
		"nothing at all": {"", "not there"},
	} {
		fake.Put("app", of.value)
		if _, err := h.restarted(t); err == nil || !strings.Contains(err.Error(), of.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.app.current.Load().config.GitHub.AppID = 0
	fake.Put("app", key)
	if _, err := h.restarted(t); err == nil || !strings.Contains(err.Error(), "github.app_id") || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a key whose App nobody names: %v", err)
	}
}
