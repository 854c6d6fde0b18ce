package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/password"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/browser"
)

const (
	adasPassword   = "kelp obelisk fjord tumble"
	gracesPassword = "nine mossy lanterns drift"
)

// withAccounts adds two local accounts: an editor of www, and an operator.
func withAccounts(c *config.Config) {
	withPeople(c)
	c.SignIn.People = []config.Person{
		{Name: "ada", Role: "editor", Sites: []string{"www"}, Password: password.New(adasPassword).String()},
		{Name: "grace", Role: "operator", Password: password.New(gracesPassword).String()},
	}
}

func signInAs(r *browser.Reader, name, secret string) browser.Page {
	return r.Form("/signin/password", url.Values{"name": {name}, "password": {secret}, "next": {"/sites/www"}})
}

func TestALocalAccountSignsInByNameAndPassword(t *testing.T) {
	b := start(t, withAccounts)
	r := newReader(t, b)
	r.Get("/signin").Status(http.StatusOK).Says("Your name", "Your password", "Sign in with a token")
	in := signInAs(r, "Ada", adasPassword).Status(http.StatusSeeOther)
	if in.Location() != "/sites/www" {
		t.Errorf("ada is sent to %q", in.Location())
	}
	r.Get("/sites/www").Status(http.StatusOK).Says("You are ada")
	r.Get("/sites/secret").Status(http.StatusNotFound)
	r.Form("/sites/www/pause", url.Values{"why": {"I say so"}}).Status(http.StatusForbidden)
	asked := r.Form("/sites/www/requests", url.Values{"reason": {"New hours"}}).Status(http.StatusSeeOther).Location()
	r.Get(asked).Status(http.StatusOK).Says("ada")
	r.Get("/sites/www/find?show=mine").Status(http.StatusOK).Says("New hours")
	b.run(t, b.job(t), release.Ready)
}

func TestWrongNamesAndPasswordsSayTheSame(t *testing.T) {
	b := start(t, withAccounts)
	var said []string
	for _, c := range [][2]string{{"ada", gracesPassword}, {"grace", adasPassword}, {"nobody", adasPassword}, {"", ""}, {"ada", ""}, {"ada", adasPassword + " "}, {strings.Repeat("x", 5000), "y"}, {"ops", operatorToken}} {
		p := signInAs(newReader(t, b), c[0], c[1]).Status(http.StatusForbidden).Says("The name or the password is wrong.")
		if len(p.Resp.Cookies()) != 0 {
			t.Errorf("%.20q got a cookie", c[0])
		}
		said = append(said, strings.Join(strings.Fields(strings.ReplaceAll(p.Words(), c[0], "")), " "))
	}
	for _, words := range said[1:3] {
		if words != said[0] {
			t.Errorf("one can tell names that there are:\n%s\n%s", said[0], words)
		}
	}
}

// A session says who somebody was; what they may do is the configuration's to say.
func TestSessionsAreListedAndEnded(t *testing.T) {
	b := start(t, withAccounts)
	ada, elsewhere, grace := newReader(t, b), newReader(t, b), newReader(t, b)
	signInAs(ada, "ada", adasPassword).Status(http.StatusSeeOther)
	signInAs(elsewhere, "ada", adasPassword).Status(http.StatusSeeOther)
	signInAs(grace, "grace", gracesPassword).Status(http.StatusSeeOther)
	ada.Get("/sessions").Status(http.StatusOK).Says("Where you are signed in", "now, here").SaysNot("grace", "Everybody's")
	ada.Get("/sessions?everybody").Status(http.StatusForbidden)
	all, err := b.client.Sessions(t.Context(), true)
	if err != nil || len(all) != 3 {
		t.Fatalf("everybody's: %+v, %v", all, err)
	}
	own, err := b.client.Sessions(t.Context(), false)
	if err != nil || len(own) != 0 {
		t.Errorf("the token's own: %+v, %v", own, err)
	}
	gracesID := ""
	for _, s := range all {
		if s.Name == "grace" && s.Role == "operator" && s.Via == "local" {
			gracesID = s.ID
		}
	}
	// An editor ends no other's, by form or API.
	ada.Form("/sessions/"+gracesID, nil).Status(http.StatusNotFound)
	if _, err := b.client.WithToken(editorToken).EndSession(t.Context(), gracesID); err == nil || !strings.Contains(err.Error(), "not yours") {
		t.Errorf("an editor's token ended an operator's sign-in: %v", err)
	}
	grace.Get("/sessions?everybody").Status(http.StatusOK).Says("Who is signed in", "ada", "grace")
	for _, s := range all {
		if s.Name == "ada" {
			grace.Form("/sessions/"+s.ID, url.Values{"everybody": {"yes"}}).Status(http.StatusSeeOther)
		}
	}
	ada.Get("/sites/www").Status(http.StatusSeeOther)
	elsewhere.Get("/sites/www").Status(http.StatusSeeOther)
	if to := grace.Form("/sessions/"+gracesID, nil).Status(http.StatusSeeOther).Location(); to != "/signin?out" {
		t.Errorf("who ends their own sign-in is sent to %q", to)
	}
	grace.Get("/sites/www").Status(http.StatusSeeOther)
}
