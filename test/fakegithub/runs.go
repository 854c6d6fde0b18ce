package fakegithub

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"
)

// Run is a workflow run.
type Run struct {
	ID                 int64
	Attempt            int
	Repo               string // owner/name
	Workflow, Ref      string
	Event, Title       string
	Status, Conclusion string
	Inputs             map[string]string
	Created, Updated   time.Time
	Jobs               []Job
}

// Job is a job of a run; Runner is "" while none has it.
type Job struct {
	ID                         int64
	Name, Status, Conclusion   string
	Runner                     string
	FailedStep                 string // "" for none
	Labels                     []string
	Created, Started, Finished time.Time
}

// The states that a run goes through, and how it may end.
var (
	statuses    = []string{"requested", "queued", "pending", "waiting", "in_progress", "completed"}
	conclusions = []string{"success", "failure", "cancelled", "timed_out", "action_required", "neutral", "skipped", "stale", "startup_failure"}
)

// begin makes a run; the caller holds the lock.
func (s *Server) begin(r *Repo, w *Workflow, event, ref string, inputs map[string]string) *Run {
	now := s.options.Now().UTC().Truncate(time.Second)
	run := &Run{
		ID: s.id(), Attempt: 1, Repo: r.Owner + "/" + r.Name, Workflow: w.File, Ref: ref, Event: event,
		Status: "queued", Inputs: inputs, Created: now, Updated: now, Title: w.File,
	}
	if w.RunName != nil {
		run.Title = w.RunName(inputs)
	}
	run.Jobs = []Job{{ID: s.id(), Name: "release", Status: "queued", Labels: []string{"ubuntu-latest"}, Created: now}}
	s.runs[run.ID] = run
	return run
}

// Press starts a run that nobody dispatched through the API: the "Run
// workflow" button (workflow_dispatch) or the workflow's schedule.
func (s *Server) Press(repo, workflow, event string, inputs map[string]string) (Run, error) {
	s.mu.Lock()
	r, ok := s.repos[repo]
	if !ok || r.Workflows[workflow] == nil {
		s.mu.Unlock()
		return Run{}, fmt.Errorf("there is no %s in %s", workflow, repo)
	}
	if inputs == nil {
		inputs = map[string]string{}
	}
	run := s.begin(r, r.Workflows[workflow], event, r.DefaultBranch, inputs)
	out := run.clone()
	s.mu.Unlock()
	s.send(out, "requested")
	return out, nil
}

// Run is a run as it stands.
func (s *Server) Run(id int64) (Run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run, ok := s.runs[id]
	if !ok {
		return Run{}, false
	}
	return run.clone(), true
}

// Runs are all runs, oldest first.
func (s *Server) Runs() []Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Run
	for _, id := range slices.Sorted(maps.Keys(s.runs)) {
		out = append(out, s.runs[id].clone())
	}
	return out
}

func (r *Run) clone() Run {
	out := *r
	out.Inputs, out.Jobs = maps.Clone(r.Inputs), slices.Clone(r.Jobs)
	return out
}

// Step moves a run on and sends the webhooks of it. A run never goes back,
// and nothing changes once it is completed. With "completed" goes how.
func (s *Server) Step(id int64, status, conclusion string) error {
	s.mu.Lock()
	run, ok := s.runs[id]
	from, to := slices.Index(statuses, runStatus(run)), slices.Index(statuses, status)
	switch {
	case !ok:
		s.mu.Unlock()
		return fmt.Errorf("there is no run %d", id)
	case to < 0, (status == "completed") != slices.Contains(conclusions, conclusion):
		s.mu.Unlock()
		return fmt.Errorf("%q %q is no state of a run", status, conclusion)
	case run.Status == "completed", status == "requested", from == slices.Index(statuses, "in_progress") && to < from:
		s.mu.Unlock()
		return fmt.Errorf("run %d is %s: it does not become %s", id, run.Status, status)
	}
	now := s.options.Now().UTC().Truncate(time.Second)
	run.Status, run.Conclusion, run.Updated = status, conclusion, now
	for i := range run.Jobs {
		run.Jobs[i].follow(status, conclusion, now)
	}
	out := run.clone()
	s.mu.Unlock()
	if status == "in_progress" || status == "completed" {
		s.send(out, status)
	}
	s.sendJob(out)
	return nil
}

func runStatus(r *Run) string {
	if r == nil {
		return ""
	}
	return r.Status
}

func (j *Job) follow(status, conclusion string, now time.Time) {
	switch status {
	case "in_progress":
		j.Status, j.Runner, j.Started = "in_progress", "GitHub Actions 1", now
	case "completed":
		j.Status, j.Conclusion, j.Finished = "completed", conclusion, now
		if conclusion == "startup_failure" {
			j.Conclusion = "failure"
		}
	case "waiting":
		j.Status = "waiting"
	default:
		j.Status = "queued"
	}
}

// FailStep names the step at which a run's job fails; before its completion.
func (s *Server) FailStep(id int64, step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run, ok := s.runs[id]; ok {
		for i := range run.Jobs {
			run.Jobs[i].FailedStep = step
		}
	}
}

// Rerun begins the next attempt of a run that is over. GitHub sends no
// "requested" for it.
func (s *Server) Rerun(id int64) (Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run, ok := s.runs[id]
	if !ok || run.Status != "completed" {
		return Run{}, fmt.Errorf("run %d is not over", id)
	}
	now := s.options.Now().UTC().Truncate(time.Second)
	run.Attempt++
	run.Status, run.Conclusion, run.Updated = "queued", "", now
	run.Jobs = []Job{{ID: s.id(), Name: "release", Status: "queued", Labels: []string{"ubuntu-latest"}, Created: now}}
	return run.clone(), nil
}

// listed are the runs of a workflow that the list shows, newest first; the
// caller holds the lock.
func (s *Server) listed(repo, workflow, event string) []*Run {
	var out []*Run
	for _, run := range s.runs {
		if run.Repo != repo || run.Workflow != workflow || (event != "" && run.Event != event) {
			continue
		}
		if s.options.Now().Sub(run.Created) < s.options.ListLag {
			continue
		}
		out = append(out, run)
	}
	sort.Slice(out, func(i, k int) bool { return out[i].ID > out[k].ID })
	return out
}
