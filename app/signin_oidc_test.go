package app

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/golang-jwt/jwt/v4"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/test/browser"
)

// provider is a real OpenID Connect provider, whose ID tokens a test may replace.
type provider struct {
	*mockoidc.MockOIDC
	mu     sync.Mutex
	forge  func(claims jwt.MapClaims) string // nil to leave tokens alone
	answer func(query url.Values)            // changes what it sends people back with
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{MockOIDC: m}
	if err := m.AddMiddleware(p.change); err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(l, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// change lets a test change answers of the provider.
func (p *provider) change(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		forge, answer := p.forge, p.answer
		p.mu.Unlock()
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		text := rec.Body.Bytes()
		if to, err := url.Parse(rec.Header().Get("Location")); answer != nil && err == nil && r.URL.Path == mockoidc.AuthorizationEndpoint {
			query := to.Query()
			answer(query)
			to.RawQuery = query.Encode()
			rec.Header().Set("Location", to.String())
		}
		var tokens map[string]any
		if forge != nil && r.URL.Path == mockoidc.TokenEndpoint && json.Unmarshal(text, &tokens) == nil {
			if raw, ok := tokens["id_token"].(string); ok {
				claims := jwt.MapClaims{}
				payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
				if err == nil && json.Unmarshal(payload, &claims) == nil {
					tokens["id_token"] = forge(claims)
					text, _ = json.Marshal(tokens) // texts and numbers
				}
			}
		}
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		_, _ = bytes.NewReader(text).WriteTo(w) // the caller may have gone
	})
}

func (p *provider) set(forge func(jwt.MapClaims) string, answer func(url.Values)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forge, p.answer = forge, answer
}

// sign signs claims with the provider's own key, or another one.
func (p *provider) sign(claims jwt.MapClaims, key *rsa.PrivateKey) string {
	if key == nil {
		key = p.Keypair.PrivateKey
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = p.Keypair.Kid
	text, err := token.SignedString(key)
	if err != nil {
		return err.Error()
	}
	return text
}

// startWithProvider is an app where people sign in at a provider. Its address is
// known before it starts, as the provider sends people back to it.
func startWithProvider(t *testing.T, p *provider, change func(*config.Config)) *bench {
	t.Helper()
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Setenv(config.OIDCSecretVariable, p.ClientSecret)
	b := start(t, func(c *config.Config) {
		withPeople(c)
		c.URL = srv.URL
		c.SignIn = config.SignIn{Ask: "the web team", OIDC: &config.OIDC{
			Name: "Agency sign-in", Issuer: p.Issuer(), ClientID: p.ClientID, Scopes: []string{"profile", "email", "groups"}, GroupsClaim: "groups",
			Allow: []config.Allow{
				{Group: "web-operators", Role: "operator"}, {Email: "ada@example.gov", Role: "editor", Sites: []string{"www"}},
			},
		}}
		if change != nil {
			change(c)
		}
	})
	handler = b.app.Handler()
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	b.url = srv.URL
	return b
}

func user(email string, verified bool, groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "id of " + email, Email: email, EmailVerified: verified, Groups: groups}
}

// goThere follows a sign-in to the provider, and gives the address to which it
// sends back.
func goThere(t *testing.T, r *browser.Reader, next string) string {
	t.Helper()
	to := r.Get("/signin/oidc?next=" + url.QueryEscape(next)).Status(http.StatusSeeOther).Location()
	for _, want := range []string{"code_challenge_method=S256", "state=", "nonce=", "response_type=code"} {
		if !strings.Contains(to, want) {
			t.Errorf("the provider is asked without %s: %s", want, to)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(r.Do(req).Status(http.StatusFound).Location())
	if err != nil {
		t.Fatal(err)
	}
	return back.RequestURI()
}

func TestPeopleSignInAtAProvider(t *testing.T) {
	p := startProvider(t)
	b := startWithProvider(t, p, nil)
	r := newReader(t, b)
	r.Get("/signin?next=/sites/www").Status(http.StatusOK).Says("Sign in with Agency sign-in", "Sign in with a token")
	p.QueueUser(user("Ada@example.gov", true, "newsroom"))
	back := goThere(t, r, "/sites/www?still=1")
	if to := r.Get(back).Status(http.StatusSeeOther).Location(); to != "/sites/www?still=1" {
		t.Errorf("ada is sent to %q", to)
	}
	r.Get("/sites/www").Status(http.StatusOK).Says("You are ada@example.gov", "Release now").SaysNot("Your name")
	asked := r.Form("/sites/www/requests", url.Values{"name": {"The director"}, "reason": {"Hours"}}).Status(http.StatusSeeOther)
	r.Get(asked.Location()).Says("ada@example.gov").SaysNot("The director")
	r.Get("/sites/secret").Status(http.StatusNotFound)
	r.Form("/sites/www/pause", url.Values{"why": {"I say so"}}).Status(http.StatusForbidden)
	// The same answer does not do twice, here or in another browser.
	r.Get(back).Status(http.StatusBadRequest).Says("was used before")
	newReader(t, b).Get(back).Status(http.StatusBadRequest).Says("was not begun in this browser")
	// An operator, by a group.
	o := newReader(t, b)
	p.QueueUser(user("grace@example.gov", true, "web-operators"))
	o.Get(goThere(t, o, "//evil.example")).Status(http.StatusSeeOther)
	o.Get("/sites/secret").Status(http.StatusOK)
	o.Get("/sessions?everybody").Status(http.StatusOK).Says("single sign-on", "ada@example.gov", "grace@example.gov")
}

func TestWhomNoRuleLetsInIsToldWhomToAsk(t *testing.T) {
	p := startProvider(t)
	b := startWithProvider(t, p, nil)
	for _, u := range []*mockoidc.MockUser{
		user("eve@example.gov", true, "newsroom"), user("ada@example.gov", false), user("ada@example.gov.evil.example", true), user("", true, "WEB-OPERATORS", "web-operators "),
	} {
		r := newReader(t, b)
		p.QueueUser(u)
		refused := r.Get(goThere(t, r, "/")).Status(http.StatusForbidden).Says("may not use Pressrun. Ask the web team")
		for _, cookie := range refused.Resp.Cookies() {
			if cookie.Name == "pressrun" {
				t.Errorf("%s got a session", u.Email)
			}
		}
		r.Get("/sites/www").Status(http.StatusSeeOther)
	}
}

func TestWhatNoProviderSaidIsNotBelieved(t *testing.T) {
	p := startProvider(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(jwt.MapClaims) string {
		return func(c jwt.MapClaims) string { c[name] = value; return p.sign(c, nil) }
	}
	for name, c := range map[string]struct {
		forge  func(jwt.MapClaims) string
		answer func(url.Values)
		status int
	}{
		"as it is":            {nil, nil, http.StatusSeeOther},
		"signed again":        {func(c jwt.MapClaims) string { return p.sign(c, nil) }, nil, http.StatusSeeOther},
		"a clock 20 s behind": {func(c jwt.MapClaims) string { return set("exp", time.Now().Add(-20*time.Second).Unix())(c) }, nil, http.StatusSeeOther},
		"expired":             {set("exp", time.Now().Add(-2*time.Minute).Unix()), nil, http.StatusForbidden},
		"from the future":     {set("iat", time.Now().Add(time.Hour).Unix()), nil, http.StatusForbidden},
		"another audience":    {set("aud", "another client"), nil, http.StatusForbidden},
		"given to another":    {set("aud", []string{p.ClientID, "another client"}), nil, http.StatusForbidden},
		"another party":       {set("azp", "another client"), nil, http.StatusForbidden},
		"another issuer":      {set("iss", "https://evil.example"), nil, http.StatusForbidden},
		"another nonce":       {set("nonce", "another"), nil, http.StatusForbidden},
		"no nonce":            {func(c jwt.MapClaims) string { delete(c, "nonce"); return p.sign(c, nil) }, nil, http.StatusForbidden},
		"nobody":              {set("sub", ""), nil, http.StatusForbidden},
		"another key":         {func(c jwt.MapClaims) string { return p.sign(c, stranger) }, nil, http.StatusForbidden},
		"the public key as a secret": {func(c jwt.MapClaims) string {
			text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(p.Keypair.PublicKey.N.Bytes())
			if err != nil {
				return err.Error()
			}
			return text
		}, nil, http.StatusForbidden},
		"alg none": {func(c jwt.MapClaims) string {
			text, err := jwt.NewWithClaims(jwt.SigningMethodNone, c).SignedString(jwt.UnsafeAllowNoneSignatureType)
			if err != nil {
				return err.Error()
			}
			return text
		}, nil, http.StatusForbidden},
		"no token":               {func(jwt.MapClaims) string { return "" }, nil, http.StatusForbidden},
		"another state":          {nil, func(q url.Values) { q.Set("state", "another") }, http.StatusBadRequest},
		"no state":               {nil, func(q url.Values) { q.Del("state") }, http.StatusBadRequest},
		"no code":                {nil, func(q url.Values) { q.Del("code") }, http.StatusForbidden},
		"a code that is made up": {nil, func(q url.Values) { q.Set("code", "guess") }, http.StatusForbidden},
		"the answer of another":  {nil, func(q url.Values) { q.Set("iss", "https://evil.example") }, http.StatusForbidden},
		"a refusal":              {nil, func(q url.Values) { q.Set("error", "access_denied") }, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			b := startWithProvider(t, p, nil) // whose limit of tries is a new one
			p.QueueUser(user("grace@example.gov", true, "web-operators"))
			p.set(c.forge, c.answer)
			defer p.set(nil, nil)
			r := newReader(t, b)
			r.Get(goThere(t, r, "/")).Status(c.status)
			want := http.StatusSeeOther
			if c.status == http.StatusSeeOther {
				want = http.StatusOK
			}
			r.Get("/sites/www").Status(want)
		})
	}
}

func TestTheAppStartsAndSaysSoWhileTheProviderIsAway(t *testing.T) {
	p := startProvider(t)
	b := startWithProvider(t, p, func(c *config.Config) { c.SignIn.OIDC.Issuer = "http://127.0.0.1:9" })
	r := newReader(t, b)
	r.Get("/signin/oidc").Status(http.StatusServiceUnavailable).Says("does not answer at the moment", "Sign in with Agency sign-in")
	r.SignIn(editorToken, "/").Status(http.StatusSeeOther)
	r.Get("/signin/github").Status(http.StatusBadRequest)
	r.Get("/signin/oidc/callback?code=x&state=y").Status(http.StatusBadRequest)
}

func TestABrowserSignsInAtAProvider(t *testing.T) {
	ctx := browser.Start(t)
	p := startProvider(t)
	b := startWithProvider(t, p, nil)
	s := browser.Screen{T: t, Ctx: ctx}
	s.Accessible(b.url, "/signin?next=/sites/www")
	p.QueueUser(user("grace@example.gov", true, "web-operators"))
	s.Do(chromedp.Navigate(b.url + "/signin?next=/sites/www"))
	s.Eval(`document.querySelector("a.button").click(), ""`)
	s.Await(`location.pathname === "/sites/www" && document.readyState === "complete"`)
	s.Await(`document.querySelector(".who").innerText.includes("grace@example.gov")`)
	s.Accessible(b.url, "/sessions")
	s.Accessible(b.url, "/sessions?everybody")
	s.Eval(`document.querySelector("form[action='/signout'] button").click(), ""`)
	s.Await(`location.pathname === "/signin" && document.body.innerText.includes("You have signed out here")`)
	s.Accessible(b.url, "/signin?out")
}
