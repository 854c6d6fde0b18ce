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
	to := r.get("/sites/www?still=1").status(http.StatusSeeOther).location()
	if to != "/signin?next=%2Fsites%2Fwww%3Fstill%3D1" {
		t.Fatalf("a stranger is sent to %q", to)
	}
	next := r.get(to).status(http.StatusOK).field("next")
	in := r.signIn("  "+editorToken+"\n", next).status(http.StatusSeeOther)
	if in.location() != "/sites/www?still=1" {
		t.Errorf("after signing in one is at %q", in.location())
	}
	cookies := in.resp.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Secure || cookies[0].MaxAge != 12*60*60 || cookies[0].Path != "/" {
		t.Errorf("cookies: %+v", cookies)
	}
	if strings.Contains(cookies[0].Value, editorToken) {
		t.Error("the cookie carries the token")
	}
	r.get("/sites/www").status(http.StatusOK)
	r.form("/signout", nil).status(http.StatusSeeOther)
	r.get("/sites/www").status(http.StatusSeeOther)
}

func TestACopyOfTheCookieIsWorthlessAfterSigningOut(t *testing.T) {
	b := start(t, withPeople)
	r, another := newReader(t, b), signedInReader(t, b, editorToken)
	copied := r.signIn(editorToken, "/").status(http.StatusSeeOther).resp.Cookies()[0]
	with := func() int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/sites/www", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(copied)
		return newReader(t, b).do(req).resp.StatusCode
	}
	if got := with(); got != http.StatusOK {
		t.Fatalf("before signing out: %d", got)
	}
	r.form("/signout", nil).status(http.StatusSeeOther)
	if got := with(); got != http.StatusSeeOther {
		t.Errorf("after signing out: %d", got)
	}
	another.get("/sites/www").status(http.StatusOK) // with the same token, but a session of their own
}

func TestWhoMayNotSignIn(t *testing.T) {
	b := start(t, withPeople)
	for token, want := range map[string]string{
		"":              "not known here",
		"guess":         "not known here",
		cmsToken:        "for a program",
		editorToken[1:]: "not known here",
	} {
		p := newReader(t, b).signIn(token, "/").status(http.StatusForbidden).says(want)
		if len(p.resp.Cookies()) != 0 {
			t.Errorf("token %q: got a cookie", token)
		}
	}
}

func TestTheCookieIsForHTTPSAlone(t *testing.T) {
	b := start(t, func(c *config.Config) { withPeople(c); c.URL = "https://pressrun.example.gov" })
	in := newReader(t, b).signIn(editorToken, "/").status(http.StatusSeeOther)
	if cookies := in.resp.Cookies(); len(cookies) != 1 || !cookies[0].Secure {
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
			p := r.form(path, url.Values{"token": {operatorToken}}, headers...).status(http.StatusForbidden).says("from another site's page")
			if p.resp.Header.Get("Content-Security-Policy") == "" {
				t.Error("the refusal has no Content-Security-Policy")
			}
		}
	}
	site, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil || site.Accepted != 0 || site.Pause.On(time.Now()) {
		t.Errorf("something was done: %+v %v", site, err)
	}
	r.form("/sites/www/pause", url.Values{"why": {"own"}}, "Sec-Fetch-Site", "same-origin").status(http.StatusSeeOther)
}

func TestTheWayBackStaysHere(t *testing.T) {
	for next, want := range map[string]string{
		"":                         "/",
		"/":                        "/",
		"/sites/www":               "/sites/www",
		"/sites/www?still=1":       "/sites/www?still=1",
		"/sites/a%20b":             "/sites/a%20b",
		"/requests/req_1#x":        "/requests/req_1",
		"https://evil.example":     "/",
		"//evil.example":           "/",
		"///evil.example":          "/",
		"/\\evil.example":          "/",
		"\\/evil.example":          "/",
		"/%5Cevil.example":         "/",
		"/%2F/evil.example":        "/",
		"/%2Fevil.example":         "/",
		"/\t/evil.example":         "/",
		"/\n/evil.example":         "/",
		"javascript:alert(1)":      "/",
		"data:text/html,x":         "/",
		"evil.example":             "/",
		"/.//evil.example":         "/",
		"/..//evil.example":        "/",
		"/a/..//evil.example":      "/",
		"/signin?next=/":           "/",
		"/v1/backup":               "/",
		"http:/evil.example":       "/",
		"http:evil.example":        "/",
		"/%zz":                     "/",
		"//user@evil.example/site": "/",
	} {
		if got := safeReturn(next); got != want {
			t.Errorf("safeReturn(%q) = %q, want %q", next, got, want)
		}
	}
}

func FuzzTheWayBack(f *testing.F) {
	for _, seed := range []string{"/sites/www", "//evil.example", "/\\evil", "/%2F/evil", "/a?b=//c"} {
		f.Add(seed)
	}
	here, err := url.Parse("https://pressrun.example.gov/signin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := safeReturn(next)
		to, err := here.Parse(got)
		if err != nil || to.Host != here.Host || to.Scheme != "https" || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Fatalf("safeReturn(%q) = %q leads to %v (%v)", next, got, to, err)
		}
	})
}

func TestGuessingTokensIsSlow(t *testing.T) {
	b := start(t, withPeople)
	r := newReader(t, b)
	for range 10 {
		r.signIn("guess", "/").status(http.StatusForbidden)
	}
	p := r.signIn(editorToken, "/").status(http.StatusTooManyRequests).says("too many tries")
	if p.resp.Header.Get("Retry-After") == "" || len(p.resp.Cookies()) != 0 {
		t.Errorf("headers: %v", p.resp.Header)
	}
}
