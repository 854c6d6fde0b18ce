package app

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// formsOf are the ways in which a secret may be written.
func formsOf(secret string) []string {
	digits := hex.EncodeToString([]byte(secret))
	out := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), digits, strings.ToUpper(digits), fmt.Sprintf("%q", secret)}
	for offset := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := encoding.EncodeToString(append(make([]byte, offset), secret...))
			out = append(out, encoded[(offset*8+5)/6:(offset+len(secret))*8/6])
		}
	}
	return out
}

// readable is all that somebody could read.
type readable struct{ places map[string]*strings.Builder }

func (s *readable) add(where, text string) {
	if s.places[where] == nil {
		s.places[where] = &strings.Builder{}
	}
	s.places[where].WriteString(text + "\n")
}

// mustHide looks for secrets in all that was told.
func (s *readable) mustHide(t *testing.T, secrets map[string]string) {
	t.Helper()
	for where, text := range s.places {
		for name, secret := range secrets {
			if len(secret) < 8 {
				t.Fatalf("%s is too short to be looked for: %q", name, secret)
			}
			for _, form := range formsOf(secret) {
				if i := strings.Index(text.String(), form); i >= 0 {
					t.Errorf("%s has %s in the form %.12s…: …%s", where, name, form, text.String()[max(0, i-120):i])
					break
				}
			}
		}
	}
}

// Every secret that the app is given or gives out is tried in every place, with every
// call, well and wrong: none is in its log, its events, its answers, pages or backups.
func TestNoSecretIsInAnythingThatIsTold(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, withCallers)
	secrets := map[string]string{"the webhooks' secret": hookSecret, "the callbacks' secret": callbackSecret}
	key := strings.Split(string(h.github.KeyPEM()), "\n")
	secrets["a line of the App's key"] = key[len(key)/2]
	callers, _ := h.callersOfAllKinds(t)
	for _, c := range callers {
		if c.bearer != "" && c.name != "a token's hash" {
			secrets[c.name] = c.bearer
		}
	}
	secrets["an operator's token"] = operatorToken
	r := newReader(t, h.bench)
	cookie := r.SignIn("operator-token", "/").Status(http.StatusSeeOther).Resp.Cookies()[0].Value
	secrets["a cookie"] = cookie
	run := h.dispatchedAt(t, "third")
	secrets["a run's token of GitHub's"] = h.github.IDToken(run, "http://pressrun.test", nil)

	var said readable
	said.places = map[string]*strings.Builder{}
	h.tryEverywhere(t, secrets, &said)
	h.failEverything(t, &said)
	for _, path := range []string{"/", "/sites/www", "/sites/www/releases/1", "/sites/www/cancel", "/v1/sites", "/v1/sites/www/releases", "/v1/sites/www/releases/1", "/v1/sites/www/requests", "/v1/github/checks", "/openapi.json"} {
		_, text := h.callAs(t, "operator-token", http.MethodGet, path, "")
		said.add("what is read at "+path, text)
		said.add("the page "+path, r.Get(path).Text)
	}
	_, events := h.callAs(t, "operator-token", http.MethodGet, "/v1/events?after=0&limit=500", "")
	said.add("the audit trail", events)
	_, backup := h.callAs(t, "operator-token", http.MethodGet, "/v1/backup", "")
	said.add("a backup", backup)
	said.add("the log", h.logs.String())
	said.mustHide(t, secrets)
	if !strings.Contains(h.logs.String(), "refused") || !strings.Contains(backup, "SQLite format 3") || !strings.Contains(events, release.KindOpened) {
		t.Error("the places that were looked at are empty")
	}
}

// dispatchedAt has GitHub run a release of a site.
func (h *hub) dispatchedAt(t *testing.T, site string) fakegithub.Run {
	t.Helper()
	if _, err := h.client.Ask(t.Context(), site, "", api.RequestInput{Source: release.FromEditor, Title: "Hours"}); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "GitHub to have a run", func() bool { return len(h.github.Runs()) > 0 })
	return h.github.Runs()[0]
}

// tryEverywhere makes calls with each secret in places where it does not belong.
func (h *hub) tryEverywhere(t *testing.T, secrets map[string]string, said *readable) {
	t.Helper()
	send := func(method, path, body string, header http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range header {
			req.Header[name] = values
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s %.20s… gets %s", method, path, resp.Status)
		}
		said.add("an answer to "+method+" "+path[:min(12, len(path))], string(text))
	}
	jsonBody := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer operator-token"}}
	for _, secret := range secrets {
		escaped := url.PathEscape(secret)
		send(http.MethodGet, "/v1/sites/www", "", http.Header{"Authorization": {"Bearer " + secret + "x"}})
		send(http.MethodGet, "/v1/sites/www", "", http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+secret))}})
		send(http.MethodGet, "/v1/sites/www", "", http.Header{"Cookie": {"pressrun=" + url.QueryEscape(secret) + "x"}})
		send(http.MethodPost, "/v1/sites/www/claims", `{"release":1,"token":"`+auth.HashToken(secret)+`","run":{"id":"1","attempt":1}}`, http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + secret + "x"}})
		send(http.MethodPost, "/hooks/www/"+escaped, "{}", http.Header{"Content-Type": {"application/json"}})
		send(http.MethodPost, github.WebhookPath, "{}", http.Header{"X-Github-Event": {"ping"}, "X-Github-Delivery": {"30000000-0000-0000-0000-000000000000"}, "X-Hub-Signature-256": {"sha256=" + hex.EncodeToString([]byte(secret))}})
		send(http.MethodPost, "/signin", url.Values{"token": {secret + "x"}}.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
		send(http.MethodPost, "/v1/sites/www/pause", `{"until":"never"}`, jsonBody)
	}
}

// failEverything has GitHub and runs fail in ways that are logged.
func (h *hub) failEverything(t *testing.T, said *readable) {
	t.Helper()
	remove := h.github.Inject(func(r *http.Request) *fakegithub.Fault {
		return &fakegithub.Fault{Status: http.StatusBadRequest, Text: `{"message":"you sent ` + strings.ReplaceAll(r.Header.Get("Authorization"), `"`, "") + `"}`}
	})
	_, text := h.callAs(t, "operator-token", http.MethodGet, "/v1/github/checks", "")
	if !strings.Contains(text, "you sent") {
		t.Errorf("what GitHub says is not told, so this shows nothing: %s", text)
	}
	said.add("the checks of a GitHub that says everything", text)
	remove()
}
