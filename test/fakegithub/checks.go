package fakegithub

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Check is a check run of a commit or, with Context, a commit status.
type Check struct {
	Name, App string // of a check run
	Context   string // of a commit status
	// Status is queued, in_progress or completed; of a commit status it is its state.
	Status, Conclusion string
	// Run is the workflow run that it is a job of; 0 for none.
	Run     int64
	Started time.Time
}

// SetChecks says which checks a commit has.
func (s *Server) SetChecks(repo, sha string, checks ...Check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[repo]
	if r.Checks == nil {
		r.Checks = map[string][]Check{}
	}
	r.Checks[sha] = checks
}

// checksOf are a commit's check runs, or its statuses.
func (s *Server) checksOf(r *http.Request, repo *Repo, statuses bool) []Check {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Check
	for _, c := range repo.Checks[r.PathValue("ref")] {
		if (c.Context != "") == statuses {
			found = append(found, c)
		}
	}
	return found
}

func (s *Server) listCheckRuns(w http.ResponseWriter, r *http.Request, repo *Repo) {
	all := s.checksOf(r, repo, false)
	runs := []object{}
	for i, c := range page(r, all) {
		runs = append(runs, s.checkRunObject(repo, r.PathValue("ref"), int64(i+1), c))
	}
	s.linked(w, r, len(all))
	reply(w, 200, object{"total_count": len(all), "check_runs": runs})
}

func (s *Server) combinedStatus(w http.ResponseWriter, r *http.Request, repo *Repo) {
	all := s.checksOf(r, repo, true)
	sha := r.PathValue("ref")
	url := s.URL + "/repos/" + repo.Owner + "/" + repo.Name
	statuses := []object{}
	for i, c := range page(r, all) {
		at := c.Started.UTC().Format(time.RFC3339)
		statuses = append(statuses, object{
			"id": i + 1, "node_id": "", "state": c.Status, "context": c.Context, "description": nil, "target_url": nil, "avatar_url": nil,
			"url": url + "/statuses/" + sha, "created_at": at, "updated_at": at,
		})
	}
	s.linked(w, r, len(all))
	reply(w, 200, object{
		"state": "pending", "sha": sha, "total_count": len(all), "statuses": statuses, "repository": s.repoObject(repo),
		"commit_url": url + "/commits/" + sha, "url": url + "/commits/" + sha + "/status",
	})
}

// linked names the next page, as GitHub does.
func (s *Server) linked(w http.ResponseWriter, r *http.Request, total int) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("per_page"))
	if err != nil {
		size = 30
	}
	number := 1
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 {
		number = n
	}
	if number*size < total {
		q.Set("page", strconv.Itoa(number+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, s.URL, r.URL.Path, q.Encode()))
	}
}

func (s *Server) checkRunObject(repo *Repo, sha string, id int64, c Check) object {
	url := fmt.Sprintf("%s/repos/%s/%s/check-runs/%d", s.URL, repo.Owner, repo.Name, id)
	page := fmt.Sprintf("https://github.com/%s/%s/runs/%d", repo.Owner, repo.Name, id)
	if c.Run != 0 {
		page = fmt.Sprintf("https://github.com/%s/%s/actions/runs/%d/job/%d", repo.Owner, repo.Name, c.Run, id)
	}
	var ended any
	if c.Status == "completed" {
		ended = c.Started.Add(time.Minute).UTC().Format(time.RFC3339)
	}
	app := s.appObject()
	app["slug"] = c.App
	return object{
		"id": id, "node_id": "", "head_sha": sha, "external_id": "", "url": url, "html_url": page, "details_url": page, "name": c.Name,
		"status": c.Status, "conclusion": textOrNull(c.Conclusion), "started_at": orNull(c.Started), "completed_at": ended,
		"output":      object{"title": nil, "summary": nil, "text": nil, "annotations_count": 0, "annotations_url": url + "/annotations"},
		"check_suite": object{"id": c.Run + 1}, "app": app, "pull_requests": []any{},
	}
}
