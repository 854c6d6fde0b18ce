package fakegithub

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"
)

type object = map[string]any

var examples sync.Map // object by name

// example is one of GitHub's own example payloads. It is shared: change a copy.
func example(name string) object {
	if known, ok := examples.Load(name); ok {
		return known.(object)
	}
	text, err := testdata.ReadFile("testdata/webhooks/" + name + ".json")
	if err != nil {
		panic(err) // the test data is part of the package
	}
	var out object
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	examples.Store(name, out)
	return out
}

func with(base object, changes object) object {
	out := maps.Clone(base)
	maps.Copy(out, changes)
	return out
}

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.RFC3339)
}

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Server) repoObject(r *Repo) object {
	base := example("workflow_run.requested.3")["repository"].(object)
	owner := with(base["owner"].(object), object{"login": r.Owner, "id": r.OwnerID})
	return with(base, object{
		"id": r.ID, "name": r.Name, "full_name": r.Owner + "/" + r.Name, "owner": owner, "default_branch": r.DefaultBranch,
		"html_url": "https://github.com/" + r.Owner + "/" + r.Name, "url": s.URL + "/repos/" + r.Owner + "/" + r.Name,
	})
}

// fullRepoObject has what only the repository's own page tells.
func (s *Server) fullRepoObject(r *Repo) object {
	return with(s.repoObject(r), object{
		"has_discussions": false, "network_count": 0, "subscribers_count": 0, "license": nil, "mirror_url": nil,
	})
}

func (s *Server) runObject(r *Repo, run Run) object {
	base := example("workflow_run.requested.3")["workflow_run"].(object)
	repo := s.repoObject(r)
	api := fmt.Sprintf("%s/repos/%s/actions/runs/%d", s.URL, run.Repo, run.ID)
	return with(base, object{
		"id": run.ID, "run_attempt": run.Attempt, "run_number": run.ID % 100000, "event": run.Event, "display_title": run.Title,
		"name": run.Workflow, "path": ".github/workflows/" + run.Workflow, "workflow_id": r.Workflows[run.Workflow].ID,
		"head_branch": run.Ref, "status": run.Status, "conclusion": textOrNull(run.Conclusion),
		"created_at": run.Created.Format(time.RFC3339), "updated_at": run.Updated.Format(time.RFC3339), "run_started_at": run.Created.Format(time.RFC3339),
		"html_url": fmt.Sprintf("https://github.com/%s/actions/runs/%d", run.Repo, run.ID),
		"url":      api, "jobs_url": api + "/jobs", "cancel_url": api + "/cancel", "rerun_url": api + "/rerun",
		"repository": repo, "head_repository": repo,
	})
}

func (s *Server) jobObject(run Run, j Job) object {
	base := example("workflow_job.queued.5")["workflow_job"].(object)
	out := with(base, object{
		"id": j.ID, "run_id": run.ID, "run_attempt": run.Attempt, "name": j.Name, "status": j.Status, "conclusion": textOrNull(j.Conclusion),
		"workflow_name": run.Workflow, "head_branch": run.Ref, "labels": j.Labels, "html_url": fmt.Sprintf("https://github.com/%s/actions/runs/%d/job/%d", run.Repo, run.ID, j.ID),
		"created_at": j.Created.Format(time.RFC3339), "started_at": j.Created.Format(time.RFC3339), "completed_at": orNull(j.Finished),
		"runner_id": nil, "runner_name": nil, "runner_group_id": nil, "runner_group_name": nil, "steps": []any{},
	})
	if j.Runner == "" {
		return out
	}
	out["runner_id"], out["runner_name"], out["runner_group_id"], out["runner_group_name"] = 1, j.Runner, 0, "GitHub Actions"
	steps := []any{step(1, "Set up job", "success", j)}
	if j.FailedStep != "" {
		steps = append(steps, step(2, j.FailedStep, "failure", j))
	} else if j.Conclusion != "failure" { // one whose runner was lost has no step that failed
		steps = append(steps, step(2, "Release", j.Conclusion, j))
	}
	out["steps"] = steps
	return out
}

func step(number int, name, conclusion string, j Job) object {
	status := "completed"
	if number > 1 && j.Status != "completed" {
		status, conclusion = "in_progress", ""
	}
	return object{
		"number": number, "name": name, "status": status, "conclusion": textOrNull(conclusion),
		"started_at": j.Started.Format(time.RFC3339), "completed_at": orNull(j.Finished),
	}
}

func (s *Server) workflowObject(r *Repo, w *Workflow) object {
	base := example("workflow_run.requested.3")["workflow"].(object)
	return with(base, object{
		"id": w.ID, "name": w.File, "path": ".github/workflows/" + w.File, "state": w.State,
		"html_url": "https://github.com/" + r.Owner + "/" + r.Name + "/blob/main/.github/workflows/" + w.File,
	})
}

func (s *Server) installationObject(r *Repo) object {
	base := example("installation.created.1")["installation"].(object)
	account := with(base["account"].(object), object{"login": r.Owner, "id": r.OwnerID})
	return with(base, object{
		"id": r.Installation, "app_id": s.AppID, "app_slug": "pressrun-test", "account": account, "target_id": r.OwnerID, "repository_selection": "selected",
		"permissions": r.granted(), "events": r.events(), "suspended_at": nil, "suspended_by": nil,
		"created_at": time.Now().UTC().Format(time.RFC3339), "updated_at": time.Now().UTC().Format(time.RFC3339),
		"html_url": fmt.Sprintf("https://github.com/organizations/%s/settings/installations/%d", r.Owner, r.Installation),
	})
}

func (r *Repo) granted() map[string]string {
	if r.Permissions != nil {
		return r.Permissions
	}
	return map[string]string{"actions": "write", "deployments": "write", "metadata": "read"}
}

func (r *Repo) events() []string {
	if r.Events != nil {
		return r.Events
	}
	return []string{"workflow_run", "workflow_job"}
}

func userObject() object {
	return example("workflow_run.requested.3")["sender"].(object)
}

func (s *Server) appObject() object {
	return object{
		"id": s.AppID, "slug": "pressrun-test", "node_id": "A_1", "client_id": "Iv1.1", "name": "Pressrun (test)", "description": "", "owner": userObject(),
		"external_url": "http://127.0.0.1", "html_url": s.URL + "/apps/pressrun-test", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
		"permissions": object{"actions": "write", "deployments": "write", "metadata": "read"}, "events": []string{"workflow_run", "workflow_job"},
	}
}
