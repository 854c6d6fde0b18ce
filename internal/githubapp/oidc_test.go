package githubapp

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/fakegithub"
)

const audience = "https://pressrun.example.gov"

func TestIdentitiesAcceptARunOfTheSite(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	ids := NewIdentities(t.Context(), b.runner, b.github.Issuer(), audience)
	for _, event := range []string{"workflow_dispatch", "schedule"} {
		run, err := b.github.Press("acme/www", "content-release.yml", event, nil)
		if err != nil {
			t.Fatal(err)
		}
		who, err := ids.Check(t.Context(), b.github.IDToken(run, audience, nil))
		if err != nil {
			t.Fatal(err)
		}
		if who.Event != event || who.Run.Attempt != 1 || len(who.Sites) != 1 || who.Sites[0] != "www" || who.ID == "" {
			t.Errorf("Check gave %+v", who)
		}
		// Its form is GitHub's and the owner's affair.
		if _, err := ids.Check(t.Context(), b.github.IDToken(run, audience, map[string]any{"sub": "whatever"})); err != nil {
			t.Errorf("with another sub Check gave %v", err)
		}
	}
}

// The clock of one replica's machine is wrong, and the app goes by the database's.
func TestTokensAreJudgedAndDatedByTheClockThatTheAppGoesBy(t *testing.T) {
	for _, off := range []time.Duration{-20 * time.Minute, 20 * time.Minute} {
		right := func() time.Time { return time.Now().Add(off) }
		b := start(t, fakegithub.Options{Now: right}, func(o *Options) { o.Now = right })
		ids := NewIdentities(t.Context(), b.runner, b.github.Issuer(), audience)
		run, err := b.github.Press("acme/www", "content-release.yml", "workflow_dispatch", nil)
		if err != nil {
			t.Fatal(err)
		}
		// To accept a token the app asks GitHub whose repository that is.
		if _, err := ids.Check(t.Context(), b.github.IDToken(run, audience, nil)); err != nil {
			t.Errorf("with this machine's clock off by %s: %v", -off, err)
		}
	}
}

func TestIdentitiesRefuse(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	ids := NewIdentities(t.Context(), b.runner, b.github.Issuer(), audience)
	run, err := b.github.Press("acme/www", "content-release.yml", "workflow_dispatch", nil)
	if err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	file := "acme/www/.github/workflows/content-release.yml@refs/heads/main"
	tests := []struct {
		name    string
		changes map[string]any
		want    string
	}{
		{"expired", map[string]any{"iat": past.Unix(), "nbf": past.Unix(), "exp": past.Add(5 * time.Minute).Unix()}, "expired"},
		{"not yet valid", map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}, "nbf"},
		{"for another audience", map[string]any{"aud": "https://github.com/acme"}, "audience"},
		{"for no audience", map[string]any{"aud": nil}, "audience"},
		{"of another issuer", map[string]any{"iss": "https://token.evil.example"}, "issue"},
		{"of another repository", map[string]any{"repository": "evil/www"}, "no site"},
		{"of a repository that took the name", map[string]any{"repository_id": "1"}, "is not the one"},
		{"of an owner who took the name", map[string]any{"repository_owner_id": "1"}, "is not the one"},
		{"of another workflow", map[string]any{"workflow_ref": "acme/www/.github/workflows/evil.yml@refs/heads/main"}, "is of workflow"},
		{"of a workflow whose name begins alike", map[string]any{"workflow_ref": "acme/www/.github/workflows/content-release.yml.evil.yml@refs/heads/main"}, "is of workflow"},
		{"of a workflow with other capitals", map[string]any{"workflow_ref": "acme/www/.github/workflows/Content-Release.yml@refs/heads/main"}, "is of workflow"},
		{"of another branch", map[string]any{"workflow_ref": strings.Replace(file, "main", "evil", 1), "ref": "refs/heads/evil"}, "released from main"},
		{"of a branch that contains the name", map[string]any{"workflow_ref": file + "-evil", "ref": "refs/heads/main-evil"}, "released from main"},
		{"of a pull request", map[string]any{"event_name": "pull_request"}, "may not release"},
		{"of a push", map[string]any{"event_name": "push"}, "may not release"},
		{"without a run", map[string]any{"run_id": nil}, "the run's token has no run_id"},
		{"with an odd attempt", map[string]any{"run_attempt": "0"}, "the run's token has no run_id"},
		{"without a name of its own", map[string]any{"jti": nil}, "the run's token has no run_id"},
		{"with a number for a text", map[string]any{"run_id": 7}, "can't be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { refusedIdentity(t, ids, b.github.IDToken(run, audience, tt.changes), tt.want) })
	}
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := b.github.IDToken(run, audience, nil)
	parts := strings.Split(good, ".")
	const none = "eyJhbGciOiJub25lIn0" // {"alg":"none"}
	refusedIdentity(t, ids, b.github.IDTokenSigned(forger, run, audience, nil), "")
	refusedIdentity(t, ids, none+"."+parts[1]+".", "")
	refusedIdentity(t, ids, parts[0]+"."+parts[1]+".AAAA", "")
	refusedIdentity(t, ids, good[:len(good)/2], "")
}

func refusedIdentity(t *testing.T, ids *Identities, token, want string) {
	t.Helper()
	who, err := ids.Check(t.Context(), token)
	if _, ok := errors.AsType[*ErrIdentity](err); !ok || !strings.Contains(err.Error(), want) {
		t.Errorf("Check gave %+v, %v, want a refusal with %q", who, err, want)
	}
}

func TestAnIssuerThatIsAwayIsNoWordAboutTheToken(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	run, err := b.github.Press("acme/www", "content-release.yml", "workflow_dispatch", nil)
	if err != nil {
		t.Fatal(err)
	}
	away := NewIdentities(t.Context(), b.runner, "http://127.0.0.1:1", audience)
	_, err = away.Check(t.Context(), b.github.IDToken(run, audience, map[string]any{"iss": "http://127.0.0.1:1"}))
	if _, refused := errors.AsType[*ErrIdentity](err); err == nil || refused {
		t.Errorf("Check gave %v, want an error that is no refusal", err)
	}
}

// Anybody may send a token that looks like a run's.
func TestAnIssuerThatIsAwayIsNotAskedForEachToken(t *testing.T) {
	var asked atomic.Int64
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "away", http.StatusBadGateway)
	}))
	defer issuer.Close()
	b := start(t, fakegithub.Options{}, nil)
	run, err := b.github.Press("acme/www", "content-release.yml", "workflow_dispatch", nil)
	if err != nil {
		t.Fatal(err)
	}
	away := NewIdentities(t.Context(), b.runner, issuer.URL, audience)
	for range 5 {
		_, err = away.Check(t.Context(), b.github.IDToken(run, audience, map[string]any{"iss": issuer.URL}))
		if _, refused := errors.AsType[*ErrIdentity](err); err == nil || refused {
			t.Errorf("Check gave %v, want an error that is no refusal", err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times", n)
	}
}
