package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/browser"
)

// withProxy believes a proxy's headers, from some addresses.
func withProxy(proxies ...string) func(*config.Config) {
	return func(c *config.Config) {
		withPeople(c)
		c.SignIn = config.SignIn{Ask: "the web team", Header: &config.SignInHeader{
			Proxies: proxies, User: "X-Forwarded-User", Email: "X-Forwarded-Email", Groups: "X-Forwarded-Groups", LogoutURL: "/oauth2/sign_out",
			Allow: []config.Allow{{Group: "operators", Role: "operator"}, {Domain: "example.gov", Role: "editor", Sites: []string{"www"}}},
		}}
	}
}

// through makes a call with headers, as pairs of name and value.
func through(t *testing.T, b *bench, method, path string, headers ...string) browser.Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(url.Values{"why": {"because"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return newReader(t, b).Do(req)
}

func TestATrustedProxySaysWhoSomebodyIs(t *testing.T) {
	b := start(t, withProxy("192.0.2.0/24", "127.0.0.1"))
	ada := []string{"X-Forwarded-User", "ada", "X-Forwarded-Email", "Ada@Example.gov", "X-Forwarded-Groups", "newsroom, editors"}
	p := through(t, b, http.MethodGet, "/sites/www", ada...).Status(http.StatusOK).Says("You are ada@example.gov", "Sign out")
	if !strings.Contains(p.Text, `href="/oauth2/sign_out"`) || strings.Contains(p.Text, `action="/signout"`) {
		t.Error("the way out is not the proxy's")
	}
	through(t, b, http.MethodGet, "/sites/secret", ada...).Status(http.StatusNotFound)
	through(t, b, http.MethodPost, "/sites/www/pause", ada...).Status(http.StatusForbidden)
	grace := []string{"X-Forwarded-User", "grace", "X-Forwarded-Groups", "staff,operators"}
	through(t, b, http.MethodPost, "/sites/www/pause", append(grace, "Sec-Fetch-Site", "cross-site")...).Status(http.StatusForbidden).Says("from another site's page")
	through(t, b, http.MethodPost, "/sites/www/pause", grace...).Status(http.StatusSeeOther)
	through(t, b, http.MethodGet, "/sites/www", "X-Forwarded-User", "eve").Status(http.StatusForbidden).Says("You are eve, and this account may not use Pressrun. Ask the web team")
	through(t, b, http.MethodGet, "/v1/sites", "X-Forwarded-User", "eve").Status(http.StatusForbidden)
	// What a client sent beside what the proxy added is believed of nobody.
	through(t, b, http.MethodGet, "/sites/www", append(grace, "X-Forwarded-User", "ada")...).Status(http.StatusUnauthorized)
	through(t, b, http.MethodGet, "/sites/www", append(grace, "X-Forwarded-Groups", "newsroom")...).Status(http.StatusUnauthorized)
	through(t, b, http.MethodGet, "/sites/www", "X-Forwarded-User", "").Status(http.StatusUnauthorized)
	// A bearer token counts before it.
	through(t, b, http.MethodGet, "/v1/sessions?everybody=true", append(grace, "Authorization", "Bearer "+editorToken)...).Status(http.StatusForbidden)
}

func TestAHeaderFromAStrangerIsIgnored(t *testing.T) {
	b := start(t, withProxy("192.0.2.0/24"))
	grace := []string{"X-Forwarded-User", "grace", "X-Forwarded-Groups", "operators", "X-Forwarded-For", "192.0.2.1"}
	through(t, b, http.MethodGet, "/sites/www", grace...).Status(http.StatusSeeOther)
	through(t, b, http.MethodGet, "/v1/sites", grace...).Status(http.StatusUnauthorized)
	through(t, b, http.MethodPost, "/sites/www/pause", grace...).Status(http.StatusSeeOther)
	if site, err := b.app.ledger.Site(t.Context(), "www"); err != nil || site.Pause.By != "" {
		t.Errorf("a stranger paused the site: %+v, %v", site.Pause, err)
	}
}
