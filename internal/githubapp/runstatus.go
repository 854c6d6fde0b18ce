package githubapp

import (
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// RunStatus is the state of a run, by GitHub.
type RunStatus struct {
	Run release.Run
	// Status and Conclusion are GitHub's terms (docs.github.com: workflow run statuses).
	Status, Conclusion string
	// Jobs are the attempt's jobs, if they were asked for.
	Jobs []Job
}

// Job is a job of a run.
type Job struct {
	Name, Status, Conclusion, Runner, URL string
	Labels                                []string
	Steps                                 []JobStep
	Started, Finished                     time.Time
}

// JobStep is a step of a job.
type JobStep struct {
	Name, Status, Conclusion string
	Started, Finished        time.Time
}

const completed = "completed"

// worthAsking says whether the jobs would tell people more: what a queued run waits for,
// or where a failed one failed.
func (s RunStatus) worthAsking() bool {
	return s.Status == "queued" || s.Conclusion == "failure"
}

// Event is the event for the rules that a run's state makes.
func (s RunStatus) Event() release.Event {
	if s.Status != completed {
		return release.RunSeen{Run: s.Run, Note: s.Note()}
	}
	conclusion, why := s.ending()
	return release.RunEnded{Run: s.Run, Conclusion: conclusion, Why: why}
}

// Note says in words what a run does or waits for.
func (s RunStatus) Note() string {
	switch s.Status {
	case "requested":
		return "GitHub has taken the run and has not queued it yet"
	case "pending":
		return "waits in GitHub until another run of the same concurrency group has ended"
	case "waiting":
		return "waits in GitHub for a deployment protection rule: somebody or something must approve it"
	case "in_progress":
		return "runs on GitHub"
	case "queued":
		return s.queuedNote()
	}
	return "GitHub says: " + extract(s.Status)
}

// queuedNote distinguishes the meanings of "queued": GitHub's own queue, and the wait for a runner.
func (s RunStatus) queuedNote() string {
	for _, j := range s.Jobs {
		switch {
		case j.Status == "waiting":
			return "waits in GitHub for a deployment protection rule: somebody or something must approve it"
		case j.Status == "queued" && j.Runner == "" && len(j.Labels) > 0:
			return "waits in GitHub for a runner (" + extract(strings.Join(j.Labels, ", ")) + ")"
		}
	}
	return "waits in GitHub's queue"
}

// ending turns GitHub's conclusion into a release.Conclusion, and says why.
func (s RunStatus) ending() (release.Conclusion, string) {
	switch s.Conclusion {
	case "success":
		return release.RunSucceeded, ""
	case "failure":
		return s.failure()
	case "cancelled":
		return release.RunCancelled, "on GitHub, by somebody or by a newer run of its concurrency group"
	case "timed_out":
		return release.RunTimedOut, "it passed the workflow's timeout-minutes"
	case "startup_failure":
		return release.RunNeverStarted, "the workflow file can't be run: GitHub's page of the run says what is wrong with it"
	case "action_required":
		return release.RunNeverStarted, "somebody must approve it on GitHub first"
	case "stale":
		return release.RunDied, "GitHub gave it up after hearing nothing of it for 14 days"
	case "neutral", "skipped":
		return release.RunSucceeded, "every job of it was skipped"
	}
	return release.RunFailed, "GitHub says: " + extract(s.Conclusion)
}

// failure names the step that failed. A failed job without a failed step means that the
// runner was lost.
func (s RunStatus) failure() (release.Conclusion, string) {
	lost := ""
	for _, j := range s.Jobs {
		if j.Conclusion != "failure" {
			continue
		}
		for _, step := range j.Steps {
			if step.Conclusion == "failure" {
				return release.RunFailed, fmt.Sprintf("at the step %q of the job %q", extract(step.Name), extract(j.Name))
			}
		}
		lost = j.Name
	}
	if lost != "" {
		return release.RunDied, fmt.Sprintf("the runner of the job %q was lost, or never came", extract(lost))
	}
	return release.RunFailed, ""
}

// StageOf numbers the states of an attempt of a run in order: webhooks come in any order,
// and within the same second.
func StageOf(status string) int {
	switch status {
	case "requested":
		return 1
	case "queued", "pending", "waiting":
		return 2
	case "in_progress":
		return 3
	case completed:
		return 4
	}
	return 0
}
