package auth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAForgedCookieIsNobody(t *testing.T) {
	a, _ := authorizer(t, t.TempDir(), nil)
	mint := func(kind string, g Grant) string { return a.keys.Mint(kind, g) }
	hour := time.Now().Add(time.Hour)
	good := mint(kindCookie, Grant{Token: HashToken("operator-token"), Until: hour})
	body, mac, _ := strings.Cut(good, ".")
	editors, _, _ := strings.Cut(mint(kindCookie, Grant{Token: HashToken("editor-token"), Until: hour}), ".")
	other := Keys{secret: []byte("another key of thirty-two bytes.")}
	for name, c := range map[string]struct {
		value string
		role  Role // "" for nobody
	}{
		"one of the app's own": {good, Operator},
		"empty":                {"", ""},
		"no mac":               {body, ""},
		"an empty mac":         {body + ".", ""},
		"another body":         {editors + "." + mac, ""},
		"a mac with more":      {good + "A", ""},
		"another key":          {other.Mint(kindCookie, Grant{Token: HashToken("operator-token"), Until: hour}), ""},
		"of another kind":      {mint(kindSession, Grant{Token: HashToken("operator-token"), Until: hour}), ""},
		"without an end":       {mint(kindCookie, Grant{Token: HashToken("operator-token")}), ""},
		"expired":              {mint(kindCookie, Grant{Token: HashToken("operator-token"), Until: time.Now().Add(-time.Second)}), ""},
		"a token that is gone": {mint(kindCookie, Grant{Token: HashToken("revoked"), Until: hour}), ""},
		"a program's token":    {mint(kindCookie, Grant{Token: HashToken("cms-token"), Until: hour}), CMS},
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
		cookie, err := a.SignIn("192.0.2.1:1000", token)
		if !errors.Is(err, want) || (cookie != nil) != (want == nil) {
			t.Errorf("SignIn(%q) = %v, %v; want error %v", token, cookie, err, want)
		}
	}
}
