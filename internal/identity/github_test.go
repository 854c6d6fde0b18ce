package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

// gitHub is GitHub as its documentation has it: it hands a code out for a challenge,
// takes it once with the verifier and the secret, and answers who the token is of
// (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app).
type gitHub struct {
	t         *testing.T
	challenge string
	answers   map[string]string // by path; 404 for none
	status    map[string]int
	spent     bool
}

func (g *gitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/login/oauth/access_token" {
		g.token(w, r)
		return
	}
	if r.Header.Get("Authorization") != "Bearer ghu_token" || r.Header.Get("X-Github-Api-Version") == "" {
		g.t.Errorf("%s comes with the headers %v", r.URL.Path, r.Header)
	}
	w.Header().Set("Content-Type", "application/json")
	if status := g.status[r.URL.Path]; status != 0 {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.WriteHeader(status)
		return
	}
	answer, ok := g.answers[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		answer = `{"message":"Not Found"}`
	}
	_, _ = w.Write([]byte(answer)) // the caller may have gone
}

func (g *gitHub) token(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	w.Header().Set("Content-Type", "application/json")
	good := r.FormValue("code") == "the-code" && r.FormValue("client_id") == "Iv1.1" && r.FormValue("client_secret") == "secret" &&
		base64.RawURLEncoding.EncodeToString(sum[:]) == g.challenge && !g.spent
	g.spent = true
	if !good { // GitHub answers 200 to a bad code
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "ghu_token", "token_type": "bearer", "scope": ""})
}

func member() *gitHub {
	return &gitHub{answers: map[string]string{
		"/user":                                `{"id":7,"login":"Ada","name":"Ada Lovelace","type":"User"}`,
		"/user/memberships/orgs/city":          `{"state":"active","role":"member"}`,
		"/user/memberships/orgs/invited":       `{"state":"pending"}`,
		"/orgs/city/teams/web/memberships/Ada": `{"state":"active"}`,
		"/orgs/city/teams/ops/memberships/Ada": `{"state":"pending"}`,
		"/repos/city/site":                     `{"permissions":{"admin":false,"maintain":false,"push":true,"triage":true,"pull":true}}`,
		"/repos/city/public":                   `{"permissions":{"pull":true}}`,
	}, status: map[string]int{}}
}

// signIn goes the whole way with GitHub, with the query that the browser brings back.
func (g *gitHub) signIn(t *testing.T, back func(state string) url.Values) (Identity, error) {
	t.Helper()
	g.t = t
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	p := NewGitHub(GitHubOptions{
		URL: srv.URL, APIURL: srv.URL, ClientID: "Iv1.1", ClientSecret: "secret",
		Organizations: []string{"city", "invited", "other"}, Teams: []string{"city/web", "city/ops", "city/none"}, Repositories: []string{"city/site", "city/public", "city/secret"},
	})
	a := Attempt{Redirect: "https://pressrun.example.gov/signin/github/callback", State: "the-state", Verifier: "a-verifier-of-more-than-forty-three-characters-in-all"}
	address, err := p.Begin(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	sent := u.Query()
	if sent.Get("redirect_uri") != a.Redirect || sent.Get("state") != a.State || sent.Get("code_challenge_method") != "S256" || sent.Get("client_secret") != "" {
		t.Errorf("the browser is sent to %s", address)
	}
	g.challenge = sent.Get("code_challenge")
	return p.Finish(t.Context(), a, back(a.State))
}

func withCode(state string) url.Values { return url.Values{"code": {"the-code"}, "state": {state}} }

func TestGitHubSaysWhoItIsAndWhatTheyBelongTo(t *testing.T) {
	id, err := member().signIn(t, withCode)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"user ada", "organization city", "team city/web", "repository city/site push", "repository city/site triage"}
	if id.Via != ViaGitHub || id.Subject != "7" || id.Name == "" || !slices.Equal(id.Groups, want) {
		t.Errorf("got %+v, want the groups %q", id, want)
	}
}

func TestWhatGitHubDoesNotVouchForIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*gitHub)
		back   func(string) url.Values
		down   bool // GitHub's trouble, not the person's
	}{
		"another state":      {back: func(string) url.Values { return withCode("theirs") }},
		"no state":           {back: func(string) url.Values { return url.Values{"code": {"the-code"}} }},
		"no code":            {back: func(state string) url.Values { return url.Values{"state": {state}} }},
		"the person said no": {back: func(state string) url.Values { return url.Values{"state": {state}, "error": {"access_denied"}} }},
		"another code":       {back: func(state string) url.Values { return url.Values{"state": {state}, "code": {"guess"}} }},
		"a code used twice":  {change: func(g *gitHub) { g.spent = true }},
		"nobody":             {change: func(g *gitHub) { g.answers["/user"] = `{}` }},
		"not signed in":      {change: func(g *gitHub) { g.status["/user"] = http.StatusUnauthorized }},
		"GitHub is down":     {change: func(g *gitHub) { g.status["/orgs/city/teams/web/memberships/Ada"] = http.StatusBadGateway }, down: true},
		"its limit is spent": {change: func(g *gitHub) { g.status["/repos/city/site"] = http.StatusForbidden }, down: true},
		"it talks nonsense":  {change: func(g *gitHub) { g.answers["/user"] = `<html>` }, down: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := member()
			if c.change != nil {
				c.change(g)
			}
			if c.back == nil {
				c.back = withCode
			}
			id, err := g.signIn(t, c.back)
			if err == nil {
				t.Fatalf("it lets in %+v", id)
			}
			if got := errors.Is(err, ErrUnreachable); got != c.down {
				t.Errorf("%v: GitHub's trouble: %v, want %v", err, got, c.down)
			}
		})
	}
}

// FuzzClaims wants no panic, and no group out of nothing, of any token's claims.
func FuzzClaims(f *testing.F) {
	f.Add(`{"groups":["a","b"],"email_verified":"true","_claim_names":{"groups":"src1"}}`, "groups")
	f.Add(`{"realm_access":{"roles":["x",1,null]}}`, "realm_access.roles")
	f.Fuzz(func(t *testing.T, text, name string) {
		var c claims
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
		if _, there := c.at(name); !there && (len(c.list(name)) > 0 || c.text(name) != "") {
			t.Errorf("%s has no %q, and gives %v %q", text, name, c.list(name), c.text(name))
		}
		c.yes(name)
		c.lacks(name)
		c.elsewhere(name)
	})
}
