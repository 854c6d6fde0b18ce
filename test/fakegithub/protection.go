package fakegithub

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Review is what an App said about a run that waits at an environment. State
// is "" for a comment alone.
type Review struct {
	Run         int64  `json:"-"`
	Environment string `json:"environment_name"`
	State       string `json:"state"`
	Comment     string `json:"comment"`
}

// Hold has a run wait at an environment's custom protection rule, and asks the
// App. callback is the base of the callback's address, "" for the API's own.
// GitHub publishes no example of this webhook among its payloads: the fields
// are those of its documentation.
func (s *Server) Hold(id int64, environment, callback string) error {
	if err := s.Step(id, "waiting", ""); err != nil {
		return err
	}
	run, _ := s.Run(id)
	if callback == "" {
		callback = s.URL
	}
	s.mu.Lock()
	repo := s.repos[run.Repo]
	body, err := json.Marshal(object{
		"action": "requested", "environment": environment, "event": run.Event,
		"deployment_callback_url": fmt.Sprintf("%s/repos/%s/actions/runs/%d/deployment_protection_rule", callback, run.Repo, id),
		"repository":              s.repoObject(repo), "installation": object{"id": repo.Installation, "node_id": "I_1"}, "sender": userObject(),
	})
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("write the webhook: %w", err)
	}
	s.post(Hook{Event: "deployment_protection_rule", Action: "requested", Run: run}, body)
	return nil
}

// listRules lists the custom protection rules of an environment.
func (s *Server) listRules(w http.ResponseWriter, r *http.Request, repo *Repo) {
	s.mu.Lock()
	apps, ok := repo.Environments[r.PathValue("environment")]
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	rules := []object{}
	for i, id := range apps {
		rules = append(rules, object{"id": i + 1, "node_id": "R_1", "enabled": true, "app": object{
			"id": id, "node_id": "A_1", "slug": fmt.Sprint("app-", id), "integration_url": fmt.Sprint(s.URL, "/apps/app-", id),
		}})
	}
	reply(w, http.StatusOK, object{"total_count": len(rules), "custom_deployment_protection_rules": rules})
}

// Reviews are what the App said, the first first.
func (s *Server) Reviews() []Review {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Review(nil), s.reviews...)
}

func (s *Server) reviewGate(w http.ResponseWriter, r *http.Request, _ *Repo, run Run) {
	in := Review{Run: run.ID}
	if err := decode(r, &in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	if run.Status != "waiting" {
		refuse(w, http.StatusUnprocessableEntity, "No pending deployment requests to approve or reject")
		return
	}
	s.mu.Lock()
	s.reviews = append(s.reviews, in)
	if in.State == "approved" {
		s.runs[run.ID].Status = "queued"
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
