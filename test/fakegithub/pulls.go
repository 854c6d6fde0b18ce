package fakegithub

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Pull is a pull request.
type Pull struct {
	Number int64
	Head   string // its newest commit
	// From is the repository (owner/name) that the branch is in: another one for a fork,
	// "-" for one that is gone. "" is the repository itself.
	From   string
	Branch string
	Closed bool
}

// Person is somebody who comments, and what they may do in the repository: admin,
// maintain, write, triage, read or none, as GitHub calls the roles.
type Person struct {
	Login string
	ID    int64
	Role  string
	Bot   bool
}

// Comment is a comment on a pull request.
type Comment struct {
	ID     int64
	Pull   int64
	Login  string
	Body   string
	Edited int // how often
}

// PullPermissions are those of an App that previews pull requests.
func PullPermissions() map[string]string {
	return map[string]string{"actions": "write", "deployments": "write", "metadata": "read", "issues": "write", "pull_requests": "read"}
}

// PreviewPulls is the workflow that previews pull requests.
func PreviewPulls() *Workflow {
	return &Workflow{
		File: "preview-pull-request.yml", Inputs: []string{"act", "site", "pull_request", "ref", "content", "commit", "name", "keep", "token", "app_url"},
		RunName: func(in map[string]string) string {
			return "Preview of " + cmp.Or(in["ref"], "pull request "+in["pull_request"]) + " [" + in["token"] + "]"
		},
	}
}

// AddPerson adds somebody, or changes what they may do.
func (s *Server) AddPerson(repo string, p Person) Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.ID == 0 {
		p.ID = s.id()
	}
	r := s.repos[repo]
	if r.People == nil {
		r.People = map[string]Person{}
	}
	r.People[p.Login] = p
	return p
}

// SetPull adds or changes a pull request, and sends the webhook of an action; "" sends
// none.
func (s *Server) SetPull(repo string, p Pull, action string) {
	s.mu.Lock()
	r := s.repos[repo]
	if r.Pulls == nil {
		r.Pulls = map[int64]Pull{}
	}
	r.Pulls[p.Number] = p
	s.mu.Unlock()
	if action != "" {
		s.sendPull(repo, p, action, userObject(), nil)
	}
}

// Label has somebody put a label on a pull request.
func (s *Server) Label(repo string, number int64, by, label string) {
	s.mu.Lock()
	p, who := s.repos[repo].Pulls[number], s.repos[repo].People[by]
	s.mu.Unlock()
	s.sendPull(repo, p, "labeled", who.object(), object{"name": label})
}

func (s *Server) sendPull(repo string, p Pull, action string, sender, label object) {
	name := "pull_request.closed.3"
	switch action {
	case "labeled":
		name = "pull_request.labeled.8"
	case "synchronize":
		name = "pull_request.synchronize.22"
	}
	s.mu.Lock()
	r := s.repos[repo]
	body := with(example(name), object{
		"action": action, "number": p.Number, "pull_request": s.pullObject(r, p), "repository": s.repoObject(r), "sender": sender,
		"installation": object{"id": r.Installation, "node_id": "I_1"},
	})
	if label != nil {
		body["label"] = with(example("pull_request.labeled.8")["label"].(object), label)
	}
	s.mu.Unlock()
	s.post(Hook{Event: "pull_request", Action: action, Run: Run{Repo: repo}}, mustJSON(body))
}

// Say has somebody comment on a pull request.
func (s *Server) Say(repo string, number int64, by, text string) Comment {
	s.mu.Lock()
	r := s.repos[repo]
	c := &Comment{ID: s.id(), Pull: number, Login: by, Body: text}
	r.Comments = append(r.Comments, c)
	issue := with(example("issue_comment.created.3")["issue"].(object), object{"number": number, "pull_request": object{"url": s.URL}})
	body := with(example("issue_comment.created.3"), object{
		"issue": issue, "comment": s.commentObject(r, c), "repository": s.repoObject(r), "sender": r.People[by].object(),
		"installation": object{"id": r.Installation, "node_id": "I_1"},
	})
	s.mu.Unlock()
	s.post(Hook{Event: "issue_comment", Action: "created", Run: Run{Repo: repo}}, mustJSON(body))
	return *c
}

// Comments are the comments on a pull request, oldest first.
func (s *Server) Comments(repo string, number int64) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Comment
	for _, c := range s.repos[repo].Comments {
		if c.Pull == number {
			out = append(out, *c)
		}
	}
	return out
}

// DropComment deletes a comment, as anybody who may write can.
func (s *Server) DropComment(repo string, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[repo]
	r.Comments = slices.DeleteFunc(r.Comments, func(c *Comment) bool { return c.ID == id })
}

func mustJSON(o object) []byte {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // it came from JSON
	}
	return text
}

func (p Person) object() object {
	kind := "User"
	if p.Bot {
		kind = "Bot"
	}
	return with(userObject(), object{"login": p.Login, "id": p.ID, "type": kind})
}

func (s *Server) pullRoutes(mux *http.ServeMux, repo string) {
	mux.HandleFunc("GET "+repo+"/git/ref/{ref...}", s.inRepo("contents", "read", s.getRef))
	mux.HandleFunc("GET "+repo+"/git/tags/{sha}", s.inRepo("contents", "read", s.getTag))
	mux.HandleFunc("GET "+repo+"/collaborators/{login}/permission", s.inRepo("metadata", "read", s.getPermission))
	mux.HandleFunc("GET "+repo+"/pulls/{number}", s.inRepo("pull_requests", "read", s.getPull))
	mux.HandleFunc("GET "+repo+"/issues/{number}/comments", s.inRepo("issues", "read", s.listComments))
	mux.HandleFunc("POST "+repo+"/issues/{number}/comments", s.inRepo("issues", "write", s.createComment))
	mux.HandleFunc("PATCH "+repo+"/issues/comments/{id}", s.inRepo("issues", "write", s.editComment))
	mux.HandleFunc("DELETE "+repo+"/deployments/{id}", s.inRepo("deployments", "write", s.deleteDeployment))
}

// getPermission tells of roles as GitHub does: maintain is write, triage is read
// (docs.github.com: get repository permissions for a user).
func (s *Server) getPermission(w http.ResponseWriter, r *http.Request, repo *Repo) {
	s.mu.Lock()
	p, ok := repo.People[r.PathValue("login")]
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, r.PathValue("login")+" is not a user")
		return
	}
	legacy := map[string]string{"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read"}[p.Role]
	if legacy == "" {
		legacy = "none"
	}
	reply(w, http.StatusOK, object{"permission": legacy, "role_name": p.Role, "user": with(p.object(), object{"role_name": p.Role})})
}

// getRef tells of a branch or a tag by its whole name: part of one is none.
func (s *Server) getRef(w http.ResponseWriter, r *http.Request, repo *Repo) {
	name := r.PathValue("ref")
	s.mu.Lock()
	sha, ok := repo.Refs[name]
	kind := "commit"
	if _, is := repo.TagObjects[sha]; is {
		kind = "tag"
	}
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	reply(w, http.StatusOK, object{"ref": "refs/" + name, "node_id": "R_1", "url": s.URL, "object": object{"type": kind, "sha": sha, "url": s.URL}})
}

func (s *Server) getTag(w http.ResponseWriter, r *http.Request, repo *Repo) {
	sha := r.PathValue("sha")
	s.mu.Lock()
	commit, ok := repo.TagObjects[sha]
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	reply(w, http.StatusOK, object{
		"node_id": "T_1", "tag": "v1", "sha": sha, "url": s.URL, "message": "", "tagger": object{"date": "2026-11-23T20:00:00Z", "email": "ada@example.org", "name": "Ada"},
		"object": object{"type": "commit", "sha": commit, "url": s.URL},
	})
}

func (s *Server) getPull(w http.ResponseWriter, r *http.Request, repo *Repo) {
	number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := repo.Pulls[number]
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	reply(w, http.StatusOK, s.pullObject(repo, p))
}

// pullObject is for a caller that holds the lock.
func (s *Server) pullObject(r *Repo, p Pull) object {
	base := example("pull_request.synchronize.22")["pull_request"].(object)
	state := "open"
	if p.Closed {
		state = "closed"
	}
	into := with(base["base"].(object), object{"repo": s.repoObject(r)})
	head := with(base["head"].(object), object{"sha": p.Head, "ref": p.Branch, "repo": s.repoObject(r)})
	switch p.From {
	case "", r.Owner + "/" + r.Name:
	case "-":
		head["repo"] = nil
	default:
		head["repo"] = with(s.repoObject(r), object{"id": r.ID + 1_000_000, "full_name": p.From})
	}
	return with(base, object{"number": p.Number, "state": state, "merged": false, "base": into, "head": head})
}

func (s *Server) commentObject(r *Repo, c *Comment) object {
	who := r.People[c.Login]
	if c.Login == appLogin {
		who = Person{Login: appLogin, ID: s.AppID, Bot: true}
	}
	url := fmt.Sprintf("%s/repos/%s/%s/issues/comments/%d", s.URL, r.Owner, r.Name, c.ID)
	return with(example("issue_comment.created.3")["comment"].(object), object{"id": c.ID, "body": c.Body, "user": who.object(), "url": url})
}

// appLogin is the name of the App as an author.
const appLogin = "pressrun-test[bot]"

func (s *Server) listComments(w http.ResponseWriter, r *http.Request, repo *Repo) {
	number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []object{}
	for _, c := range repo.Comments {
		if c.Pull == number {
			all = append(all, s.commentObject(repo, c))
		}
	}
	reply(w, http.StatusOK, page(r, all))
}

// maxComment is how long GitHub lets a comment be, in characters.
const maxComment = 65536

func (s *Server) createComment(w http.ResponseWriter, r *http.Request, repo *Repo) {
	var in struct{ Body string }
	if err := decode(r, &in); err != nil || in.Body == "" || len([]rune(in.Body)) > maxComment {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed")
		return
	}
	number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Comment{ID: s.id(), Pull: number, Login: appLogin, Body: in.Body}
	repo.Comments = append(repo.Comments, c)
	reply(w, http.StatusCreated, s.commentObject(repo, c))
}

func (s *Server) editComment(w http.ResponseWriter, r *http.Request, repo *Repo) {
	var in struct{ Body string }
	if err := decode(r, &in); err != nil || in.Body == "" || len([]rune(in.Body)) > maxComment {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range repo.Comments {
		if strconv.FormatInt(c.ID, 10) == r.PathValue("id") {
			c.Body, c.Edited = in.Body, c.Edited+1
			reply(w, http.StatusOK, s.commentObject(repo, c))
			return
		}
	}
	refuse(w, http.StatusNotFound, "Not Found")
}

// deleteDeployment refuses, as GitHub does, to delete one that is active
// (docs.github.com: delete a deployment).
func (s *Server) deleteDeployment(w http.ResponseWriter, r *http.Request, _ *Repo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.findDeployment(r)
	switch {
	case d == nil:
		refuse(w, http.StatusNotFound, "Not Found")
	case len(d.States) > 0 && d.States[len(d.States)-1] == "success":
		refuse(w, http.StatusUnprocessableEntity, "We cannot delete an active deployment unless it is the only deployment in a given environment.")
	default:
		s.deployments = slices.DeleteFunc(s.deployments, func(o *Deployment) bool { return o == d })
		w.WriteHeader(http.StatusNoContent)
	}
}
