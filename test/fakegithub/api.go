package fakegithub

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) apiRoutes() http.Handler {
	mux := http.NewServeMux()
	const repo = "/repos/{owner}/{repo}"
	mux.HandleFunc("GET /app", s.asApp(func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, s.appObject()) }))
	mux.HandleFunc("GET /app/installations", s.asApp(s.listInstallations))
	mux.HandleFunc("POST /app/installations/{id}/access_tokens", s.asApp(s.createToken))
	mux.HandleFunc("GET "+repo+"/installation", s.asApp(s.getInstallation))
	mux.HandleFunc("GET /app/hook/deliveries", s.asApp(s.listDeliveries))
	mux.HandleFunc("GET /app/hook/deliveries/{id}", s.asApp(s.getDelivery))
	mux.HandleFunc("POST /app/hook/deliveries/{id}/attempts", s.asApp(s.redeliver))
	mux.HandleFunc("POST /app-manifests/{code}/conversions", s.convertManifest)
	mux.HandleFunc("GET "+repo, s.inRepo("metadata", "read", s.getRepo))
	mux.HandleFunc("GET "+repo+"/contents/{path...}", s.inRepo("contents", "read", s.getContents))
	mux.HandleFunc("GET "+repo+"/actions/workflows", s.inRepo("actions", "read", s.listWorkflows))
	mux.HandleFunc("GET "+repo+"/actions/workflows/{file}", s.inRepo("actions", "read", s.withWorkflow(s.getWorkflow)))
	mux.HandleFunc("PUT "+repo+"/actions/workflows/{file}/enable", s.inRepo("actions", "write", s.withWorkflow(s.enable)))
	mux.HandleFunc("POST "+repo+"/actions/workflows/{file}/dispatches", s.inRepo("actions", "write", s.withWorkflow(s.dispatch)))
	mux.HandleFunc("GET "+repo+"/actions/workflows/{file}/runs", s.inRepo("actions", "read", s.withWorkflow(s.listRuns)))
	mux.HandleFunc("GET "+repo+"/actions/runs/{id}", s.inRepo("actions", "read", s.withRun(s.getRun)))
	mux.HandleFunc("GET "+repo+"/actions/runs/{id}/jobs", s.inRepo("actions", "read", s.withRun(s.listJobs)))
	mux.HandleFunc("POST "+repo+"/actions/runs/{id}/cancel", s.inRepo("actions", "write", s.withRun(s.cancel)))
	mux.HandleFunc("POST "+repo+"/actions/runs/{id}/deployment_protection_rule", s.inRepo("deployments", "write", s.withRun(s.reviewGate)))
	mux.HandleFunc("GET "+repo+"/environments/{environment}/deployment_protection_rules", s.inRepo("actions", "read", s.listRules))
	mux.HandleFunc("GET "+repo+"/commits/{ref}/check-runs", s.inRepo("checks", "read", s.listCheckRuns))
	mux.HandleFunc("GET "+repo+"/commits/{ref}/status", s.inRepo("statuses", "read", s.combinedStatus))
	mux.HandleFunc("GET "+repo+"/deployments", s.inRepo("deployments", "read", s.listDeployments))
	mux.HandleFunc("POST "+repo+"/deployments", s.inRepo("deployments", "write", s.createDeployment))
	mux.HandleFunc("GET "+repo+"/deployments/{id}/statuses", s.inRepo("deployments", "read", s.listStatuses))
	mux.HandleFunc("POST "+repo+"/deployments/{id}/statuses", s.inRepo("deployments", "write", s.createStatus))
	s.pullRoutes(mux, repo)
	return mux
}

type inRepo func(w http.ResponseWriter, r *http.Request, repo *Repo)

// inRepo lets calls through whose token is good for the repository and has a
// permission. What a token may not see does not exist.
func (s *Server) inRepo(permission, level string, next inRepo) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("owner") + "/" + r.PathValue("repo")
		text := bearer(r)
		s.mu.Lock()
		repo, known := s.repos[name]
		t, ok := s.tokens[text]
		now := s.options.Now()
		s.mu.Unlock()
		switch {
		case !ok || now.After(t.expires):
			refuse(w, http.StatusUnauthorized, "Bad credentials")
		case !known || !slices.Contains(t.repos, name) || (t.app && repo.Installation == 0):
			refuse(w, http.StatusNotFound, "Not Found")
		case t.app && !allows(t.permissions[permission], level):
			refuse(w, http.StatusForbidden, "Resource not accessible by integration")
		default:
			next(w, r, repo)
		}
	}
}

func allows(has, needs string) bool { return has == needs || has == "write" && needs == "read" }

func bearer(r *http.Request) string {
	header := r.Header.Get("Authorization")
	if text, ok := strings.CutPrefix(header, "Bearer "); ok {
		return text
	}
	return strings.TrimPrefix(header, "token ")
}

func (s *Server) withWorkflow(next func(http.ResponseWriter, *http.Request, *Repo, *Workflow)) inRepo {
	return func(w http.ResponseWriter, r *http.Request, repo *Repo) {
		s.mu.Lock()
		found := repo.Workflows[r.PathValue("file")]
		s.mu.Unlock()
		if found == nil {
			refuse(w, http.StatusNotFound, "Not Found")
			return
		}
		next(w, r, repo, found)
	}
}

func (s *Server) withRun(next func(http.ResponseWriter, *http.Request, *Repo, Run)) inRepo {
	return func(w http.ResponseWriter, r *http.Request, repo *Repo) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		run, ok := s.Run(id)
		if err != nil || !ok || run.Repo != repo.Owner+"/"+repo.Name {
			refuse(w, http.StatusNotFound, "Not Found")
			return
		}
		next(w, r, repo, run)
	}
}

func (s *Server) getRepo(w http.ResponseWriter, _ *http.Request, repo *Repo) {
	reply(w, 200, s.fullRepoObject(repo))
}

func (s *Server) getContents(w http.ResponseWriter, r *http.Request, repo *Repo) {
	file, ok := strings.CutPrefix(r.PathValue("path"), ".github/workflows/")
	found := repo.Workflows[file]
	if !ok || found == nil || found.Text == "" {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	reply(w, 200, object{
		"type": "file", "encoding": "base64", "size": len(found.Text), "name": file, "path": r.PathValue("path"), "sha": "0",
		"content": base64.StdEncoding.EncodeToString([]byte(found.Text)),
		"url":     s.URL, "git_url": nil, "html_url": nil, "download_url": nil, "_links": object{"git": nil, "self": s.URL, "html": nil},
	})
}

func (s *Server) listWorkflows(w http.ResponseWriter, _ *http.Request, repo *Repo) {
	all := []object{}
	for _, name := range slices.Sorted(maps.Keys(repo.Workflows)) {
		all = append(all, s.workflowObject(repo, repo.Workflows[name]))
	}
	reply(w, 200, object{"total_count": len(all), "workflows": all})
}

func (s *Server) getWorkflow(w http.ResponseWriter, _ *http.Request, repo *Repo, found *Workflow) {
	reply(w, 200, s.workflowObject(repo, found))
}

func (s *Server) enable(w http.ResponseWriter, _ *http.Request, _ *Repo, found *Workflow) {
	s.mu.Lock()
	found.State = "active"
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// dispatch answers as GitHub does, refusals and their words included
// (https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event).
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, repo *Repo, found *Workflow) {
	var in struct {
		Ref              string         `json:"ref"`
		Inputs           map[string]any `json:"inputs"`
		ReturnRunDetails *bool          `json:"return_run_details"`
	}
	if err := decode(r, &in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	if r.URL.Query().Get("return_run_details") == "true" { // Gitea's way
		yes := true
		in.ReturnRunDetails = &yes
	}
	status, message := s.refusal(repo, found, in.Ref, in.Inputs, in.ReturnRunDetails != nil)
	if status != 0 {
		refuse(w, status, message)
		return
	}
	inputs := map[string]string{}
	for name, value := range in.Inputs {
		inputs[name] = fmt.Sprint(value)
	}
	s.mu.Lock()
	run := s.begin(repo, found, "workflow_dispatch", in.Ref, inputs).clone()
	told := s.options.OnDispatch
	s.mu.Unlock()
	s.send(run, "requested")
	if told != nil {
		s.later(0, func() { told(run) })
	}
	if in.ReturnRunDetails == nil || !*in.ReturnRunDetails {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	reply(w, 200, object{
		"workflow_run_id": run.ID,
		"run_url":         fmt.Sprintf("%s/repos/%s/actions/runs/%d", s.URL, run.Repo, run.ID),
		"html_url":        fmt.Sprintf("https://github.com/%s/actions/runs/%d", run.Repo, run.ID),
	})
}

func (s *Server) refusal(repo *Repo, found *Workflow, ref string, inputs map[string]any, details bool) (status int, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.OldServer && details {
		return http.StatusUnprocessableEntity, `Invalid request. "return_run_details" is not a permitted key.`
	}
	limit := 25
	if s.options.OldServer {
		limit = 10
	}
	switch {
	case found.State != "active":
		return http.StatusUnprocessableEntity, "Cannot trigger a 'workflow_dispatch' on a disabled workflow"
	case ref == "":
		return http.StatusUnprocessableEntity, `Invalid request. "ref" wasn't supplied.`
	case !slices.Contains(repo.Branches, ref):
		return http.StatusUnprocessableEntity, "No ref found for: " + ref
	case found.NoDispatch:
		return http.StatusUnprocessableEntity, "Workflow does not have 'workflow_dispatch' trigger"
	case len(inputs) > limit:
		return http.StatusUnprocessableEntity, fmt.Sprintf("Invalid request. No more than %d properties are allowed; %d were supplied.", limit, len(inputs))
	}
	var unknown []string
	for name := range inputs {
		if !slices.Contains(found.Inputs, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		text, err := json.Marshal(unknown)
		if err != nil {
			panic(err) // texts
		}
		return http.StatusUnprocessableEntity, "Unexpected inputs provided: " + string(text)
	}
	return 0, ""
}

func (s *Server) listRuns(w http.ResponseWriter, r *http.Request, repo *Repo, found *Workflow) {
	s.mu.Lock()
	all := s.listed(repo.Owner+"/"+repo.Name, found.File, r.URL.Query().Get("event"))
	runs := []object{}
	for _, run := range page(r, all) {
		runs = append(runs, s.runObject(repo, run.clone()))
	}
	s.mu.Unlock()
	reply(w, 200, object{"total_count": len(all), "workflow_runs": runs})
}

// page cuts a list as per_page and page ask.
func page[T any](r *http.Request, all []T) []T {
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(r.URL.Query().Get(name))
		if err != nil || n < 1 {
			return otherwise
		}
		return n
	}
	size := min(number("per_page", 30), 100)
	from := min((number("page", 1)-1)*size, len(all))
	return all[from:min(from+size, len(all))]
}

func (s *Server) getRun(w http.ResponseWriter, _ *http.Request, repo *Repo, run Run) {
	reply(w, 200, s.runObject(repo, run))
}

func (s *Server) listJobs(w http.ResponseWriter, r *http.Request, _ *Repo, run Run) {
	jobs := []object{}
	for _, j := range page(r, run.Jobs) {
		jobs = append(jobs, s.jobObject(run, j))
	}
	reply(w, 200, object{"total_count": len(run.Jobs), "jobs": jobs})
}

// cancel ends a run a little later, as GitHub does.
func (s *Server) cancel(w http.ResponseWriter, _ *http.Request, _ *Repo, run Run) {
	if run.Status == "completed" {
		refuse(w, http.StatusConflict, "Cannot cancel a workflow run that is completed.")
		return
	}
	s.later(20*time.Millisecond, func() { _ = s.Step(run.ID, "completed", "cancelled") }) // it may be over by then
	reply(w, http.StatusAccepted, object{})
}
