package app

import (
	"errors"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestAForgedClaimChangesNothing(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	other, err := h.github.Press("acme/www", "content-release.yml", "schedule", nil)
	if err != nil {
		t.Fatal(err)
	}
	const here = "http://pressrun.test"
	good := claimOf(run)
	later := good
	later.Run.Attempt = 2
	tests := []struct {
		name, bearer string
		in           api.ClaimInput
		status       int
	}{
		{"nobody", "", good, 401},
		{"another audience", h.github.IDToken(run, "https://elsewhere.example", nil), good, 401},
		{"another workflow", h.github.IDToken(run, here, map[string]any{"workflow_ref": "acme/www/.github/workflows/x.yml@refs/heads/main"}), good, 401},
		{"another repository", h.github.IDToken(run, here, map[string]any{"repository": "evil/www", "repository_id": "1"}), good, 401},
		{"expired", h.github.IDToken(run, here, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), good, 401},
		{"another run's token", h.github.IDToken(other, here, nil), good, 403},
		{"another attempt's token", h.github.IDToken(run, here, nil), later, 403},
		{"a scheduled run with a stolen dispatch token", h.github.IDToken(other, here, nil), api.ClaimInput{Release: good.Release, Token: good.Token, Run: claimOf(other).Run}, 403},
		{"a guessed dispatch token", h.github.IDToken(run, here, nil), api.ClaimInput{Release: good.Release, Token: "GUESS", Run: good.Run}, 409},
		{"a made-up callback", "prh_e30.AAAA", good, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.claim(t, tt.bearer, tt.in)
			p, ok := errors.AsType[*api.Problem](err)
			if !ok || p.Status != tt.status {
				t.Errorf("the claim gave %v, want %d", err, tt.status)
			}
			if site, err := h.app.ledger.Site(t.Context(), "www"); err != nil || site.State != release.Dispatched {
				t.Errorf("the site is %s, %v", site.State, err)
			}
		})
	}
	bearer := h.github.IDToken(run, here, nil)
	if _, err := h.claim(t, bearer, good); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, bearer, good); api.CodeOf(err) != "replayed_token" {
		t.Errorf("a replayed token gave %v", err)
	}
	if _, err := h.claim(t, h.github.IDToken(run, here, nil), good); err != nil {
		t.Errorf("the same run with a fresh token gave %v", err)
	}
	if _, err := h.client.WithToken(h.github.IDToken(run, here, nil)).Sites(t.Context()); err == nil {
		t.Error("a run's token is good for more than a claim")
	}
}

func TestARunWithoutOIDCClaimsByTheSharedSecret(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	run := h.dispatched(t)
	in := claimOf(run)
	bearer, err := api.SignCallback(callbackSecret, api.Callback{Site: "www", RunID: in.Run.ID, Attempt: 1, ID: "once", Expires: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, bearer, in); err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(t, bearer, in); api.CodeOf(err) != "replayed_token" {
		t.Errorf("a replayed callback gave %v", err)
	}
}
