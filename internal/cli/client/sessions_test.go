package client_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/clitest"
)

// signedIn are the sign-ins of the fake app; the first is the caller's.
func signedIn() []api.Session {
	at := time.Date(2026, 11, 29, 14, 0, 0, 0, time.UTC)
	one := func(id, name, via, role string) api.Session {
		return api.Session{ID: id, Name: name, Via: via, Role: role, Address: "192.0.2.7", BegunAt: at, SeenAt: at.Add(time.Hour), EndsAt: at.Add(12 * time.Hour)}
	}
	return []api.Session{one("sgn_1", "ada", "token", "operator"), one("sgn_2", "grace@example.gov", "oidc", "editor"), one("sgn_3", "grace@example.gov", "oidc", "")}
}

func (f *fakeApp) sessions(w http.ResponseWriter, r *http.Request) {
	all := signedIn()
	if r.URL.Query().Get("everybody") != "true" {
		all = all[:1]
	}
	if f.fail {
		all = []api.Session{}
	}
	f.answer(w, map[string]any{"sessions": all})
}

func (f *fakeApp) endSession(w http.ResponseWriter, r *http.Request) {
	for _, s := range signedIn() {
		if s.ID == r.PathValue("id") {
			f.answer(w, s)
			return
		}
	}
	refuse(w, api.Problem{Status: 404, Title: "Not Found", Code: "not_found", Detail: "there is no such sign-in, or it is not yours to end"})
}

func TestSignInsAreListedAndEnded(t *testing.T) {
	for _, c := range []struct {
		name, args string
		none       bool // nobody is signed in
	}{
		{name: "sessions-list", args: "sessions|list"},
		{name: "sessions-list-own", args: "sessions|list|--own"},
		{name: "sessions-list-json", args: "sessions|list|--json"},
		{name: "sessions-list-none", args: "sessions|list", none: true},
		{name: "sessions-end", args: "sessions|end|sgn_1|sgn_2"},
		{name: "sessions-end-name", args: "sessions|end|--name|grace@example.gov|--json"},
		{name: "sessions-end-nobody", args: "sessions|end|--name|nobody"},
		{name: "sessions-end-unknown", args: "sessions|end|sgn_9"},
		{name: "sessions-end-which", args: "sessions|end"},
		{name: "sessions-end-both", args: "sessions|end|sgn_1|--name|ada"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeApp(t, www())
			f.fail = c.none
			t.Setenv("PRESSRUN_URL", f.url)
			args := strings.Split(c.args, "|")
			o := clitest.Run(t, clitest.Invocation{Args: args, Token: fakeToken})
			clitest.Golden(t, c.name, o.Text(args, f.calls))
		})
	}
}
