package fakegithub

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v4"
)

// asApp lets the App itself through: by a JWT signed with its key, of at most
// ten minutes.
func (s *Server) asApp(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var claims jwt.RegisteredClaims
		now := s.options.Now()
		_, err := jwt.NewParser(jwt.WithoutClaimsValidation()).ParseWithClaims(bearer(r), &claims, func(t *jwt.Token) (any, error) {
			if t.Method != jwt.SigningMethodRS256 {
				return nil, fmt.Errorf("%s is not RS256", t.Method.Alg())
			}
			return &s.Key.PublicKey, nil
		})
		switch {
		case err != nil || !claims.VerifyExpiresAt(now, true):
			refuse(w, http.StatusUnauthorized, "A JSON web token could not be decoded")
		case !claims.VerifyIssuedAt(now, true):
			refuse(w, http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
		case claims.Issuer != strconv.FormatInt(s.AppID, 10):
			refuse(w, http.StatusUnauthorized, "'Issuer' claim ('iss') must be an Integer")
		case claims.ExpiresAt == nil || claims.ExpiresAt.Sub(now) > 10*time.Minute:
			refuse(w, http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
		default:
			next(w, r)
		}
	}
}

func (s *Server) getInstallation(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	repo, ok := s.repos[r.PathValue("owner")+"/"+r.PathValue("repo")]
	s.mu.Unlock()
	if !ok || repo.Installation == 0 {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	reply(w, 200, s.installationObject(repo))
}

func (s *Server) listInstallations(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []object{}
	for _, repo := range s.repos {
		if repo.Installation != 0 {
			out = append(out, s.installationObject(repo))
		}
	}
	reply(w, 200, out)
}

func (s *Server) createToken(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Repositories []string          `json:"repositories"`
		Permissions  map[string]string `json:"permissions"`
	}
	if r.ContentLength != 0 {
		if err := decode(r, &in); err != nil {
			refuse(w, http.StatusBadRequest, "Problems parsing JSON")
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	repos := s.installedOn(r.PathValue("id"))
	if len(repos) == 0 {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	if len(in.Repositories) > 0 {
		repos = slices.DeleteFunc(repos, func(repo *Repo) bool { return !slices.Contains(in.Repositories, repo.Name) })
		if len(repos) != len(in.Repositories) {
			refuse(w, http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
			return
		}
	}
	granted := repos[0].granted()
	for name, level := range in.Permissions {
		if !allows(granted[name], level) {
			refuse(w, http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			return
		}
	}
	if len(in.Permissions) == 0 {
		in.Permissions = granted
	}
	text, expires := "ghs_"+rand.Text(), s.options.Now().Add(time.Hour).UTC()
	all := []string{}
	for _, repo := range repos {
		all = append(all, repo.Owner+"/"+repo.Name)
	}
	s.tokens[text] = token{repos: all, permissions: in.Permissions, app: true, expires: expires}
	reply(w, http.StatusCreated, object{"token": text, "expires_at": expires.Format(time.RFC3339), "permissions": in.Permissions, "repository_selection": "selected"})
}

// installedOn are the repositories of an installation; the caller holds the lock.
func (s *Server) installedOn(id string) (repos []*Repo) {
	for _, one := range s.repos {
		if strconv.FormatInt(one.Installation, 10) == id {
			repos = append(repos, one)
		}
	}
	return repos
}

// Approve is what GitHub does when a person presses "Create GitHub App": it
// gives a code that is good for one conversion.
func (s *Server) Approve() (code string) {
	code = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manifests[code] = "open"
	return code
}

func (s *Server) convertManifest(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	open := s.manifests[r.PathValue("code")] == "open"
	s.manifests[r.PathValue("code")] = "used"
	s.mu.Unlock()
	if !open {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	reply(w, http.StatusCreated, with(s.appObject(), object{
		"client_secret": "a client secret", "webhook_secret": "a webhook secret of GitHub's making", "pem": string(s.KeyPEM()),
	}))
}

// Deployment is a deployment with its statuses, oldest first.
type Deployment struct {
	ID                               int64
	Transient                        bool
	Repo, Ref, Task, Environment     string
	Description                      string
	States, Descriptions, Links, Log []string
}

// Deployments are all deployments so far, oldest first.
func (s *Server) Deployments() []Deployment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Deployment
	for _, d := range s.deployments {
		out = append(out, *d)
	}
	return out
}

// sha is the commit that a deployment's ref stands for.
func (d *Deployment) sha() string {
	if len(d.Ref) == 40 {
		return d.Ref
	}
	return "3484a3fb816e0859fd6e1cea078d76385ff50625"
}

func (s *Server) deploymentObject(d *Deployment) object {
	url := fmt.Sprintf("%s/repos/%s/deployments/%d", s.URL, d.Repo, d.ID)
	return object{
		"id": d.ID, "node_id": "D_1", "sha": d.sha(), "ref": d.Ref, "task": d.Task, "environment": d.Environment,
		"creator": userObject(), "payload": object{}, "description": textOrNull(d.Description), "statuses_url": url + "/statuses",
		"repository_url": s.URL + "/repos/" + d.Repo, "url": url, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
	}
}

func (s *Server) listDeployments(w http.ResponseWriter, r *http.Request, repo *Repo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	all := []object{}
	for _, d := range slices.Backward(s.deployments) {
		if d.Repo == repo.Owner+"/"+repo.Name && (q.Get("task") == "" || q.Get("task") == d.Task) && (q.Get("environment") == "" || q.Get("environment") == d.Environment) {
			all = append(all, s.deploymentObject(d))
		}
	}
	reply(w, 200, page(r, all))
}

func (s *Server) createDeployment(w http.ResponseWriter, r *http.Request, repo *Repo) {
	in := struct {
		Ref, Task, Environment, Description string
		RequiredContexts                    *[]string `json:"required_contexts"`
		Transient                           bool      `json:"transient_environment"`
	}{Task: "deploy", Environment: "production"}
	if err := decode(r, &in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	if in.RequiredContexts == nil { // then every check of the commit must have passed
		refuse(w, http.StatusConflict, "Conflict: Commit status checks failed for "+in.Ref)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &Deployment{ID: s.id(), Repo: repo.Owner + "/" + repo.Name, Ref: in.Ref, Task: in.Task, Environment: in.Environment, Description: in.Description, Transient: in.Transient}
	s.deployments = append(s.deployments, d)
	reply(w, http.StatusCreated, s.deploymentObject(d))
}

// findDeployment is for a caller that holds the lock.
func (s *Server) findDeployment(r *http.Request) *Deployment {
	for _, d := range s.deployments {
		if strconv.FormatInt(d.ID, 10) == r.PathValue("id") {
			return d
		}
	}
	return nil
}

func (s *Server) statusObject(d *Deployment, i int) object {
	url := fmt.Sprintf("%s/repos/%s/deployments/%d", s.URL, d.Repo, d.ID)
	return object{
		"id": d.ID*100 + int64(i), "node_id": "DS_1", "state": d.States[i], "creator": userObject(), "description": d.Descriptions[i], "target_url": d.Log[i],
		"log_url": d.Log[i], "environment": d.Environment, "environment_url": d.Links[i], "deployment_url": url, "repository_url": s.URL + "/repos/" + d.Repo,
		"url": url + "/statuses/1", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
	}
}

func (s *Server) listStatuses(w http.ResponseWriter, r *http.Request, _ *Repo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.findDeployment(r)
	if d == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	all := []object{}
	for i := len(d.States) - 1; i >= 0; i-- {
		all = append(all, s.statusObject(d, i))
	}
	reply(w, 200, page(r, all))
}

func (s *Server) createStatus(w http.ResponseWriter, r *http.Request, _ *Repo) {
	var in struct {
		State, Description string
		LogURL             string `json:"log_url"`
		EnvironmentURL     string `json:"environment_url"`
	}
	if err := decode(r, &in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.findDeployment(r)
	if d == nil || utf8.RuneCountInString(in.Description) > 140 {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed")
		return
	}
	d.States, d.Descriptions = append(d.States, in.State), append(d.Descriptions, in.Description)
	d.Links, d.Log = append(d.Links, in.EnvironmentURL), append(d.Log, in.LogURL)
	if in.State == "success" { // GitHub marks those before inactive by itself
		for _, other := range s.deployments {
			if other != d && other.Environment == d.Environment && len(other.States) > 0 && other.States[len(other.States)-1] == "success" {
				other.States, other.Descriptions = append(other.States, "inactive"), append(other.Descriptions, "")
				other.Links, other.Log = append(other.Links, ""), append(other.Log, "")
			}
		}
	}
	reply(w, http.StatusCreated, s.statusObject(d, len(d.States)-1))
}
