package app

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// visitor is an operator's browser.
type visitor struct {
	t    *testing.T
	http *http.Client
	seen []string // every page and header that came
}

func newVisitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, http: &http.Client{Jar: jar}}
}

func (v *visitor) do(method, address string, form url.Values) (int, string, http.Header) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.seen = append(v.seen, string(body))
	return resp.StatusCode, string(body), resp.Header
}

var stateOf = regexp.MustCompile(`settings/apps/new\?state=([^"&]+)`)

func TestSetUpMakesTheApp(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) {
		c.GitHub.AppID, c.GitHub.KeyFile, c.GitHub.WebhookSecretFiles = 0, "", nil
	})
	h.ask(t, "Before there is an App")
	site := h.until(t, "refused", func(s release.Site) bool { return s.Last.Number == 1 })
	if !strings.Contains(site.Last.Why, "/setup") {
		t.Errorf("without an App a release ends with %q", site.Last.Why)
	}
	code := h.setupCode(t)
	v, stranger := newVisitor(t), newVisitor(t)
	if status, _, _ := v.do("POST", h.url+"/setup", url.Values{"code": {"a guess"}}); status != http.StatusForbidden {
		t.Errorf("a wrong code gave %d", status)
	}
	status, page, header := v.do("POST", h.url+"/setup", url.Values{"code": {code}})
	found := stateOf.FindStringSubmatch(page)
	if status != http.StatusOK || found == nil || !strings.Contains(page, "acme") || !strings.Contains(header.Get("Content-Security-Policy"), "form-action 'self' https://github.com") {
		t.Fatalf("the right code gave %d, %v:\n%s", status, header, page)
	}
	good := h.github.Approve()
	for name, address := range map[string]string{"no state": "?code=" + good, "another state": "?state=X&code=" + good, "no code": "?state="} {
		_, page, _ = v.do("POST", h.url+"/setup", url.Values{"code": {code}})
		if address == "?state=" {
			address += stateOf.FindStringSubmatch(page)[1]
		}
		if status, _, _ := v.do("GET", h.url+"/setup/created"+address, nil); status != http.StatusForbidden {
			t.Errorf("%s gave %d", name, status)
		}
	}
	_, page, _ = v.do("POST", h.url+"/setup", url.Values{"code": {code}})
	back := "/setup/created?state=" + stateOf.FindStringSubmatch(page)[1] + "&code=" + good
	if status, _, _ := stranger.do("GET", h.url+back, nil); status != http.StatusForbidden {
		t.Errorf("somebody else's browser gave %d", status)
	}
	if status, page, _ := v.do("GET", h.url+back, nil); status != http.StatusOK || !strings.Contains(page, "/installations/new") {
		t.Fatalf("the way back gave %d:\n%s", status, page)
	}
	info, err := os.Stat(h.madeFile())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the App is kept as %v, %v", info, err)
	}
	for _, address := range []string{"/setup", back} {
		if status, _, _ := v.do("GET", h.url+address, nil); status == http.StatusOK {
			t.Errorf("once set up %s gave %d", address, status)
		}
	}
	if status, page, _ := v.do("GET", h.url+"/setup/installed?installation_id=1", nil); status != http.StatusOK || !strings.Contains(page, "workflow file") {
		t.Errorf("after the installation %d:\n%s", status, page)
	}
	if status, _, _ := stranger.do("GET", h.url+"/setup/installed", nil); status != http.StatusForbidden {
		t.Errorf("a stranger sees the checks: %d", status)
	}
	for _, page := range append(v.seen, stranger.seen...) {
		if strings.Contains(page, "PRIVATE KEY") || strings.Contains(page, "a webhook secret") || strings.Contains(page, "a client secret") || strings.Contains(page, code) {
			t.Errorf("a page shows a secret:\n%s", page)
		}
	}
	h.ask(t, "Now there is an App")
	h.until(t, "dispatched", inState(release.Dispatched))
}

func TestTheMadeAppIsThereAfterARestart(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.app.current.Load().config.GitHub.AppID, h.app.current.Load().config.GitHub.KeyFile = 0, ""
	text := `{"app_id":7,"slug":"x","html_url":"https://github.com/apps/x","webhook_secret":"made","key":` + quoted(string(h.github.KeyPEM())) + `}`
	if err := os.WriteFile(h.madeFile(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := h.restarted(t)
	if err != nil || !knowsSecret(t, again, "made") || knowsSecret(t, again, "another") {
		t.Fatalf("the App is not there: %v", err)
	}
	if err := os.WriteFile(h.madeFile(), []byte(text[:40]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.restarted(t); err == nil || !strings.Contains(err.Error(), "github-app.json") {
		t.Errorf("a damaged file gave %v", err)
	}
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, "\n", `\n`) + `"` }
