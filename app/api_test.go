package app

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
)

// limited adds tokens of each role: those named …-docs are good for site docs
// only, and site docs is there.
func limited(c *config.Config) {
	c.Sites["docs"] = c.Sites["www"]
	for _, role := range []string{"cms", "run", "editor"} {
		c.Tokens = append(c.Tokens,
			config.Token{Name: role, Role: role, SHA256: auth.HashToken(role + "-token")},
			config.Token{Name: role + "-docs", Role: role, Sites: []string{"docs"}, SHA256: auth.HashToken(role + "-docs-token")})
	}
}

// call makes a raw call and returns its status and problem.
func (b *bench) call(t *testing.T, method, path, token, body string) (int, api.Problem) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p api.Problem
	if resp.StatusCode >= 400 {
		if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s %s: content type %q of a refusal: %s", method, path, got, text)
		}
		if err := json.Unmarshal(text, &p); err != nil {
			t.Errorf("%s %s: %v: %s", method, path, err, text)
		}
	}
	return resp.StatusCode, p
}

func TestBadInputIsRefusedWithItsPlaceAndChangesNothing(t *testing.T) {
	b := start(t, limited)
	ask := "/v1/sites/www/requests"
	for _, c := range []struct {
		name, method, path, token, body string
		status                          int
		code, place                     string
	}{
		{"no token", "POST", ask, "", `{"source":"content"}`, 401, "unauthorized", ""},
		{"a token nobody has", "POST", ask, "guess", `{"source":"content"}`, 401, "unauthorized", ""},
		{"a forged session", "POST", ask, "prs_e30.AAAA", `{"source":"content"}`, 401, "unauthorized", ""},
		{"wrong site", "POST", ask, "cms-docs-token", `{"source":"content"}`, 403, "forbidden", ""},
		{"unknown site", "POST", "/v1/sites/nope/requests", operatorToken, `{"source":"content"}`, 404, "no_site", ""},
		{"wrong role", "POST", "/v1/sites/www/pause", "editor-token", `{}`, 403, "forbidden", ""},
		{"a CMS asking as an operator", "POST", ask, "cms-token", `{"source":"operator"}`, 403, "forbidden", ""},
		{"an editor asking as the schedule", "POST", ask, "editor-token", `{"source":"schedule"}`, 403, "forbidden", ""},
		{"malformed", "POST", ask, operatorToken, `{"source":`, 400, "invalid", ""},
		{"not JSON at all", "POST", ask, operatorToken, `hello`, 400, "invalid", ""},
		{"no body", "POST", ask, operatorToken, ``, 400, "invalid", ""},
		{"unknown field", "POST", ask, operatorToken, `{"source":"content","sauce":1}`, 422, "invalid", "body.sauce"},
		{"missing field", "POST", "/v1/sites/www/freezes", operatorToken, `{}`, 422, "invalid", "body"},
		{"wrong type", "POST", ask, operatorToken, `{"source":"content","title":7}`, 422, "invalid", "body.title"},
		{"unknown source", "POST", ask, operatorToken, `{"source":"moon"}`, 422, "invalid", "body.source"},
		{"bad time", "POST", ask, operatorToken, `{"source":"content","not_before":"soon"}`, 422, "invalid", "body.not_before"},
		{"far away time", "POST", ask, operatorToken, `{"source":"content","not_before":"2999-01-01T00:00:00Z"}`, 422, "invalid", "body.not_before"},
		{"script link", "POST", ask, operatorToken, `{"source":"content","link":"javascript:alert(1)"}`, 422, "invalid", "body.link"},
		{"a NUL", "POST", ask, operatorToken, `{"source":"content","title":"a\u0000b"}`, 422, "invalid", "body.title"},
		{"a NUL in a pause", "POST", "/v1/sites/www/pause", operatorToken, `{"why":"a\u0000b"}`, 422, "invalid", "body.why"},
		{"a NUL in who pauses", "POST", "/v1/sites/www/pause", operatorToken, `{"why":"a","actor":"\u0000"}`, 422, "invalid", "body.actor"},
		{"a NUL in a freeze", "POST", "/v1/sites/www/freezes", operatorToken, `{"to":"2999-01-01T00:00:00Z","why":"a\u0000b"}`, 422, "invalid", "body.why"},
		{"a NUL in a run", "POST", "/v1/sites/www/claims", "run-token", `{"run":{"id":"r\u0000","attempt":1}}`, 422, "invalid", "body.run.id"},
		{"a NUL in an address", "GET", "/v1/requests/a%00b", operatorToken, "", 422, "invalid", "path.id"},
		{"a freeze that is not there", "DELETE", "/v1/sites/www/freezes/ABCDEFGH", operatorToken, "", 404, "no_freeze", ""},
		{"too long", "POST", ask, operatorToken, `{"source":"content","title":"` + strings.Repeat("x", 501) + `"}`, 422, "invalid", "body.title"},
		{"oversized", "POST", ask, operatorToken, `{"source":"content","title":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "invalid", ""},
		{"unknown request", "GET", "/v1/requests/req_nope", operatorToken, "", 404, "not_found", ""},
		{"unknown release", "GET", "/v1/sites/www/releases/99", operatorToken, "", 404, "not_found", ""},
		{"a release that is no number", "GET", "/v1/sites/www/releases/x", operatorToken, "", 422, "invalid", "path.number"},
		{"half a claim", "POST", "/v1/sites/www/claims", "run-token", `{"release":1,"run":{"id":"r","attempt":1}}`, 422, "invalid", "body.token"},
		{"a claim without a run", "POST", "/v1/sites/www/claims", "run-token", `{}`, 422, "invalid", "body"},
		{"a claim of no release", "POST", "/v1/sites/www/claims", "run-token", `{"release":5,"token":"t","run":{"id":"r","attempt":1}}`, 409, "no_release", ""},
		{"a report without a session", "POST", "/v1/sites/www/releases/1/reports", "run-token", `{"run":{"id":"r","attempt":1},"sequence":1,"state":"complete"}`, 403, "forbidden", ""},
		{"cancel of nothing", "POST", "/v1/sites/www/cancel", operatorToken, `{}`, 409, "nothing_to_do", ""},
		{"resume of nothing", "POST", "/v1/sites/www/resume", operatorToken, `{}`, 409, "nothing_to_do", ""},
		{"a pause that is over", "POST", "/v1/sites/www/pause", operatorToken, `{"until":"2001-01-01T00:00:00Z"}`, 422, "bad_event", ""},
		{"a freeze that ends first", "POST", "/v1/sites/www/freezes", operatorToken, `{"from":"2999-01-02T00:00:00Z","to":"2999-01-01T00:00:00Z","why":"x"}`, 422, "bad_event", ""},
		{"events from nowhere", "GET", "/v1/events?after=x", operatorToken, "", 422, "invalid", "header.Last-Event-ID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, p := b.call(t, c.method, c.path, c.token, c.body)
			if status != c.status || p.Code != c.code {
				t.Errorf("got %d %q (%s), want %d %q", status, p.Code, p.Detail, c.status, c.code)
			}
			if c.place != "" && (len(p.Errors) == 0 || p.Errors[0].Location != c.place) {
				t.Errorf("got the places %+v, want %s", p.Errors, c.place)
			}
			if strings.Contains(p.Detail, "guess") {
				t.Errorf("the refusal repeats a credential: %s", p.Detail)
			}
		})
	}
	for _, name := range []string{"www", "docs"} {
		site, err := b.app.ledger.Site(t.Context(), name)
		if err != nil || site.Accepted != 0 || site.State != release.Ready || site.Pause.On(site.Pause.At) || len(site.Freezes) != 0 {
			t.Errorf("site %s has changed: %+v %v", name, site, err)
		}
	}
}

func TestAnotherSitesPageCantActInAReadersName(t *testing.T) {
	b := start(t, func(c *config.Config) { c.Pages.Access = "loopback" })
	for name, header := range map[string][2]string{
		"by its origin":         {"Origin", "https://evil.example"},
		"by the browser's word": {"Sec-Fetch-Site", "cross-site"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/v1/sites/www/requests", strings.NewReader(`{"source":"editor"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(header[0], header[1])
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("got %s", resp.Status)
			}
		})
	}
}

func TestANameReboundToThisMachineIsTurnedAway(t *testing.T) {
	b := start(t, func(c *config.Config) { c.Pages.Access = "loopback" })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/v1/sites", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest || resp.Header.Get("Content-Type") != "application/problem+json" || resp.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("got %s %v", resp.Status, resp.Header)
	}
}

func TestTheSchemeOfATokenIsTakenInAnyCase(t *testing.T) {
	b := start(t, nil)
	for header, want := range map[string]int{
		"Bearer " + operatorToken: 200, "bearer " + operatorToken: 200, "BEARER  " + operatorToken: 200,
		"Basic " + operatorToken: 401, operatorToken: 401, "Bearer": 401, "Bearer ": 401,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/v1/sites", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", header)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%.10q gave %s", header, resp.Status)
		}
	}
}

func TestARefusalSaysWhatItTakes(t *testing.T) {
	b := start(t, limited)
	for _, c := range []struct{ method, path, token, body, want string }{
		{"POST", "/v1/sites/www/pause", "editor-token", `{}`, "it takes one of role operator"},
		{"GET", "/v1/events", "run-token", "", "it takes one of role editor or operator or cms"},
		{"POST", "/v1/sites/www/releases/1/heartbeats", "run-token", `{"run":{"id":"r","attempt":1}}`, "it takes the session that a run gets with its claim"},
		{"GET", "/v1/sites/www", "cms-docs-token", "", "GET /v1/sites lists those"},
		{"POST", "/v1/sites/www/requests", "cms-token", `{"source":"operator"}`, "it may as schedule or content or editor"},
		{"GET", "/v1/nowhere", operatorToken, "", "/openapi.json"},
	} {
		if _, p := b.call(t, c.method, c.path, c.token, c.body); !strings.Contains(p.Detail, c.want) {
			t.Errorf("%s %s: %q says nothing of %q", c.method, c.path, p.Detail, c.want)
		}
	}
}

func TestTheDescriptionOfTheAPIIsOpenAPI31AndNamesEveryCall(t *testing.T) {
	b := start(t, nil)
	resp, err := http.Get(b.url + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("version %q", doc.OpenAPI)
	}
	for path, method := range map[string]string{
		"/v1/sites/{site}/requests": "post", "/v1/requests/{id}": "get", "/v1/sites/{site}": "get", "/v1/sites/{site}/releases": "get",
		"/v1/sites/{site}/claims": "post", "/v1/sites/{site}/releases/{number}/reports": "post",
		"/v1/sites/{site}/releases/{number}/heartbeats": "post", "/v1/sites/{site}/releases/{number}/failure": "post",
		"/v1/sites/{site}/pause": "post", "/v1/sites/{site}/resume": "post", "/v1/sites/{site}/cancel": "post",
		"/v1/sites/{site}/reset": "post", "/v1/sites/{site}/retry": "post",
		"/v1/events": "get", "/v1/sites/{site}/releases/{number}/log": "get", "/v1/backup": "get", "/healthz": "get", "/readyz": "get",
	} {
		if _, ok := doc.Paths[path][method]; !ok {
			t.Errorf("%s %s is missing", method, path)
		}
	}
}

func TestTwoCallersKeysAreNotMixedUp(t *testing.T) {
	b := start(t, limited)
	cms := b.client.WithToken("cms-token")
	first, err := cms.Ask(t.Context(), "www", "1", api.RequestInput{Source: release.FromContent, Actor: "Ada", Title: "One"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.client.Ask(t.Context(), "www", "1", api.RequestInput{Source: release.FromContent, Title: "Another"})
	if err != nil || other.Duplicate || other.ID == first.ID {
		t.Errorf("another caller's key 1: %+v %v", other, err)
	}
	again, err := cms.Ask(t.Context(), "www", "1", api.RequestInput{Source: release.FromContent, Title: "One"})
	if err != nil || !again.Duplicate || again.ID != first.ID || again.Key != "1" {
		t.Errorf("the same key again: %+v %v", again, err)
	}
	events, err := b.app.ledger.Events(t.Context(), "www", 0, 1)
	if err != nil || len(events) != 1 || events[0].By != "Ada (cms)" {
		t.Errorf("the audit trail says %+v %v", events, err)
	}
}
