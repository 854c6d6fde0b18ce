package auth

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/test/memory"
)

func TestAForgedCookieIsNobody(t *testing.T) {
	a, led := authorizer(t, t.TempDir(), nil)
	visit := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/signin", http.NoBody)
	good, err := a.SignIn(visit, "operator-token")
	if err != nil {
		t.Fatal(err)
	}
	session := func(change func(*ledger.Session)) string {
		t.Helper()
		s := ledger.Session{Via: identity.ViaToken, Subject: HashToken("operator-token"), Name: "ops", Until: time.Now().Add(time.Hour)}
		change(&s)
		secret := cookieMark + rand.Text()
		s.Hash = HashToken(secret)
		if _, err := led.Sessions().Begin(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		return secret
	}
	stored, err := led.Sessions().ByHash(t.Context(), HashToken(good.Value))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		value string
		role  Role // "" for nobody
	}{
		"one of the app's own":     {good.Value, Operator},
		"empty":                    {"", ""},
		"what the ledger has":      {stored.Hash, ""},
		"with the mark":            {cookieMark + stored.Hash, ""},
		"its id":                   {stored.ID, ""},
		"one character less":       {good.Value[:len(good.Value)-1], ""},
		"of a run":                 {a.MintSession(Grant{Site: "www", Release: 1}), ""},
		"of a job":                 {a.MintJob("www", 1), ""},
		"a token":                  {"operator-token", ""},
		"expired":                  {session(func(s *ledger.Session) { s.Until = time.Now().Add(-time.Second) }), ""},
		"without an end":           {session(func(s *ledger.Session) { s.Until = time.Time{} }), ""},
		"a token that is gone":     {session(func(s *ledger.Session) { s.Subject = HashToken("revoked") }), ""},
		"of a program's token":     {session(func(s *ledger.Session) { s.Subject = HashToken("cms-token") }), CMS},
		"of an account not there":  {session(func(s *ledger.Session) { s.Via, s.Subject = identity.ViaLocal, "ops" }), ""},
		"of no way to sign in":     {session(func(s *ledger.Session) { s.Via = "magic" }), ""},
		"of a provider not there":  {session(func(s *ledger.Session) { s.Via, s.Groups = identity.ViaOIDC, []string{"operators"} }), ""},
		"of a proxy, not a cookie": {session(func(s *ledger.Session) { s.Via, s.Groups = identity.ViaHeader, []string{"operators"} }), ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sites/www", http.NoBody)
		r.AddCookie(&http.Cookie{Name: cookieName, Value: c.value})
		got := Role("")
		if who := a.Caller(r); who != nil {
			got = who.Role
		}
		if got != c.role {
			t.Errorf("%s: the caller's role is %q, want %q", name, got, c.role)
		}
	}
}

func TestAProgramsTokenSignsNobodyIn(t *testing.T) {
	a, _ := authorizer(t, t.TempDir(), nil)
	for token, want := range map[string]error{
		"editor-token": nil, " operator-token\n": nil, "cms-token": ErrNotForPeople, "guess": ErrUnknownToken, "": ErrUnknownToken,
	} {
		cookie, err := a.SignIn(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/signin", http.NoBody), token)
		if !errors.Is(err, want) || (cookie != nil) != (want == nil) {
			t.Errorf("SignIn(%q) = %v, %v; want error %v", token, cookie, err, want)
		}
	}
}

// An open page asks now and then whether its sign-in still holds, which is no use of it.
func TestASignInThatNobodyUsesEndsHoweverLongAPageIsOpen(t *testing.T) {
	folder := memory.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		a, led := authorizer(t, folder, func(c *config.Config) {
			limit, idle := config.Duration(12*time.Hour), config.Duration(4*time.Hour)
			c.SignIn.Limit, c.SignIn.Idle = &limit, &idle
		})
		call := func(cookie *http.Cookie) *http.Request {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/events", http.NoBody)
			r.AddCookie(cookie)
			return r
		}
		begin := func() (*http.Cookie, *http.Request) {
			t.Helper()
			cookie, err := a.SignIn(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/signin", http.NoBody), "operator-token")
			if err != nil {
				t.Fatal(err)
			}
			r := call(cookie)
			return cookie, r.WithContext(With(r.Context(), a.Caller(r)))
		}
		lasts := func(page *http.Request, use *http.Cookie) (span time.Duration) {
			for a.StillGood(page) {
				if use != nil && a.Caller(call(use)) == nil {
					t.Fatal("a call is refused while the page goes on")
				}
				time.Sleep(5 * time.Minute)
				span += 5 * time.Minute
			}
			return span
		}
		cookie, page := begin()
		if got := lasts(page, nil); got != 4*time.Hour || a.Caller(call(cookie)) != nil {
			t.Errorf("unused, it lasts %s, want 4h", got)
		}
		cookie, page = begin()
		if got := lasts(page, cookie); got != 12*time.Hour {
			t.Errorf("used all the time, it lasts %s, want 12h", got)
		}
		_, page = begin()
		all, err := led.Sessions().List(t.Context(), "", "", 4*time.Hour)
		if err != nil || len(all) != 1 || !a.StillGood(page) {
			t.Fatalf("%+v, %v", all, err)
		}
		if _, err := led.Sessions().End(t.Context(), "ops", all[0].ID); err != nil || a.StillGood(page) {
			t.Errorf("ended by an operator, it goes on (%v)", err)
		}
	})
}
