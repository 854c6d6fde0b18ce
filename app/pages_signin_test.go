package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/config"
)

func TestSigningInAndOut(t *testing.T) {
	b := start(t, withPeople)
	r := newReader(t, b)
	to := r.Get("/sites/www?still=1").Status(http.StatusSeeOther).Location()
	if to != "/signin?next=%2Fsites%2Fwww%3Fstill%3D1" {
		t.Fatalf("a stranger is sent to %q", to)
	}
	next := r.Get(to).Status(http.StatusOK).Field("next")
	in := r.SignIn("  "+editorToken+"\n", next).Status(http.StatusSeeOther)
	if in.Location() != "/sites/www?still=1" {
		t.Errorf("after signing in one is at %q", in.Location())
	}
	cookies := in.Resp.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Secure || cookies[0].MaxAge != 12*60*60 || cookies[0].Path != "/" {
		t.Errorf("cookies: %+v", cookies)
	}
	if strings.Contains(cookies[0].Value, editorToken) {
		t.Error("the cookie carries the token")
	}
	r.Get("/sites/www").Status(http.StatusOK)
	r.Form("/signout", nil).Status(http.StatusSeeOther)
	r.Get("/sites/www").Status(http.StatusSeeOther)
}

func TestACopyOfTheCookieIsWorthlessAfterSigningOut(t *testing.T) {
	b := start(t, withPeople)
	r, another := newReader(t, b), signedInReader(t, b, editorToken)
	copied := r.SignIn(editorToken, "/").Status(http.StatusSeeOther).Resp.Cookies()[0]
	with := func() int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/sites/www", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(copied)
		return newReader(t, b).Do(req).Resp.StatusCode
	}
	if got := with(); got != http.StatusOK {
		t.Fatalf("before signing out: %d", got)
	}
	r.Form("/signout", nil).Status(http.StatusSeeOther)
	if got := with(); got != http.StatusSeeOther {
		t.Errorf("after signing out: %d", got)
	}
	another.Get("/sites/www").Status(http.StatusOK) // with the same token, but a session of their own
}

// with gets a page with a cookie of one's own.
func (b *bench) with(t *testing.T, cookie *http.Cookie) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/sites/www", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(cookie)
	return newReader(t, b).Do(req).Resp.StatusCode
}

// Neither a value that was planted before nor the sign-in before is good for anything
// once somebody signs in.
func TestSigningInBeginsANewSession(t *testing.T) {
	b := start(t, withPeople)
	planted := &http.Cookie{Name: "pressrun", Value: "planted-by-a-stranger"}
	signIn := func(with *http.Cookie) *http.Cookie {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/signin", strings.NewReader(url.Values{"token": {editorToken}, "next": {"/"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(with)
		return newReader(t, b).Do(req).Status(http.StatusSeeOther).Resp.Cookies()[0]
	}
	first := signIn(planted)
	if first.Value == planted.Value || b.with(t, planted) != http.StatusSeeOther {
		t.Errorf("the planted value became a session: %q", first.Value)
	}
	second := signIn(first)
	if second.Value == first.Value || b.with(t, second) != http.StatusOK {
		t.Errorf("a second sign-in gives %q", second.Value)
	}
	if got := b.with(t, first); got != http.StatusSeeOther {
		t.Errorf("the sign-in before is still good: %d", got)
	}
}

func TestWhoMayNotSignIn(t *testing.T) {
	b := start(t, withPeople)
	for token, want := range map[string]string{
		"":              "not known here",
		"guess":         "not known here",
		cmsToken:        "for a program",
		editorToken[1:]: "not known here",
	} {
		p := newReader(t, b).SignIn(token, "/").Status(http.StatusForbidden).Says(want)
		if len(p.Resp.Cookies()) != 0 {
			t.Errorf("token %q: got a cookie", token)
		}
	}
}

func TestTheCookieIsForHTTPSAlone(t *testing.T) {
	b := start(t, func(c *config.Config) { withPeople(c); c.URL = "https://pressrun.example.gov" })
	in := newReader(t, b).SignIn(editorToken, "/").Status(http.StatusSeeOther)
	if cookies := in.Resp.Cookies(); len(cookies) != 1 || !cookies[0].Secure || cookies[0].Name != "__Host-pressrun" || cookies[0].Path != "/" || cookies[0].Domain != "" {
		t.Errorf("cookies: %+v", cookies)
	}
}

func TestAnotherSitesFormIsRefused(t *testing.T) {
	b := start(t, withPeople)
	r := signedInReader(t, b, operatorToken)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		for _, path := range []string{"/sites/www/requests", "/sites/www/pause", "/signin", "/signout"} {
			p := r.Form(path, url.Values{"token": {operatorToken}}, headers...).Status(http.StatusForbidden).Says("from another site's page")
			if p.Resp.Header.Get("Content-Security-Policy") == "" {
				t.Error("the refusal has no Content-Security-Policy")
			}
		}
	}
	site, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil || site.Accepted != 0 || site.Pause.On(time.Now()) {
		t.Errorf("something was done: %+v %v", site, err)
	}
	r.Form("/sites/www/pause", url.Values{"why": {"own"}}, "Sec-Fetch-Site", "same-origin").Status(http.StatusSeeOther)
}

func TestGuessingTokensIsSlow(t *testing.T) {
	b := start(t, withPeople)
	r := newReader(t, b)
	for range 10 {
		r.SignIn("guess", "/").Status(http.StatusForbidden)
	}
	p := r.SignIn(editorToken, "/").Status(http.StatusTooManyRequests).Says("too many tries")
	if p.Resp.Header.Get("Retry-After") == "" || len(p.Resp.Cookies()) != 0 {
		t.Errorf("headers: %v", p.Resp.Header)
	}
}
