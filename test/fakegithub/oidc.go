package fakegithub

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// keyID is the kid of the issuer's key.
const keyID = "fake-1"

// Issuer is the issuer of the runs' OIDC tokens.
func (s *Server) Issuer() string { return s.URL + "/oidc" }

func (s *Server) loginRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /oidc/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, object{
			"issuer": s.Issuer(), "jwks_uri": s.Issuer() + "/.well-known/jwks", "response_types_supported": []string{"id_token"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /oidc/.well-known/jwks", func(w http.ResponseWriter, _ *http.Request) {
		number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
		reply(w, 200, object{"keys": []object{{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": keyID,
			"n": number(s.signer.N), "e": number(big.NewInt(int64(s.signer.E))),
		}}})
	})
	// What ACTIONS_ID_TOKEN_REQUEST_URL points to; the bearer is "run-<id>".
	mux.HandleFunc("GET /oidc/token/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		run, ok := s.Run(id)
		if err != nil || !ok || bearer(r) != RequestToken(id) || run.Status == "completed" {
			refuse(w, http.StatusForbidden, "Server won't issue ID_TOKEN for non-inprogress job")
			return
		}
		reply(w, 200, object{"value": s.IDToken(run, r.URL.Query().Get("audience"), nil)})
	})
}

// RequestURL and RequestToken are what a run has in ACTIONS_ID_TOKEN_REQUEST_*.
func (s *Server) RequestURL(id int64) string {
	return fmt.Sprintf("%s/oidc/token/%d?api-version=2.0", s.URL, id)
}

// RequestToken is the bearer for RequestURL.
func RequestToken(id int64) string { return fmt.Sprintf("run-%d", id) }

// IDToken is the OIDC token of a run, as GitHub issues it, with changes: a
// nil value takes a claim out.
func (s *Server) IDToken(run Run, audience string, changes map[string]any) string {
	return s.IDTokenSigned(s.signer, run, audience, changes)
}

// IDTokenSigned is IDToken signed with another key.
func (s *Server) IDTokenSigned(key *rsa.PrivateKey, run Run, audience string, changes map[string]any) string {
	s.mu.Lock()
	repo := *s.repos[run.Repo]
	s.mu.Unlock()
	now := s.options.Now()
	ref := "refs/heads/" + run.Ref
	file := run.Repo + "/.github/workflows/" + run.Workflow + "@" + ref
	claims := jwt.MapClaims{
		"iss": s.Issuer(), "aud": audience, "jti": rand.Text(), "iat": now.Unix(), "nbf": now.Add(-10 * time.Minute).Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"sub":        fmt.Sprintf("repo:%s@%d/%s@%d:ref:%s", repo.Owner, repo.OwnerID, repo.Name, repo.ID, ref),
		"repository": run.Repo, "repository_id": strconv.FormatInt(repo.ID, 10), "repository_owner": repo.Owner, "repository_owner_id": strconv.FormatInt(repo.OwnerID, 10),
		"workflow_ref": file, "job_workflow_ref": file, "ref": ref, "ref_type": "branch", "event_name": run.Event, "sha": "3484a3fb816e0859fd6e1cea078d76385ff50625",
		"run_id": strconv.FormatInt(run.ID, 10), "run_attempt": strconv.Itoa(run.Attempt), "run_number": "1", "actor": "octocat", "actor_id": "1",
		"runner_environment": "github-hosted", "repository_visibility": "private", "workflow": "Content release",
	}
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = keyID
	text, err := t.SignedString(key)
	if err != nil {
		panic(err) // an RSA key signs everything
	}
	return text
}
