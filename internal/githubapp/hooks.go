package githubapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/release"
)

// MaxHook bounds a webhook's body, in bytes: GitHub sends none that is larger.
const MaxHook = 25 << 20

// Why a webhook is not taken.
var (
	// ErrUnsigned: there is no SHA-256 signature. One of SHA-1 does not count.
	ErrUnsigned = errors.New("the webhook is not signed: X-Hub-Signature-256 is missing (give the webhook a secret)")
	// ErrForged: the signature is by none of the secrets.
	ErrForged = errors.New("the webhook's signature is by none of the configured secrets")
)

// VerifyHook checks a webhook's signature over its raw body against each
// secret, so that a secret can be replaced without losing a delivery.
func VerifyHook(h http.Header, body []byte, secrets []string) error {
	given, ok := strings.CutPrefix(h.Get("X-Hub-Signature-256"), "sha256=")
	if !ok {
		return ErrUnsigned
	}
	mac, err := hex.DecodeString(given)
	if err != nil || len(mac) != sha256.Size {
		return ErrForged
	}
	good := false
	for _, secret := range secrets {
		if secret == "" {
			continue // it would make everybody's signature good
		}
		m := hmac.New(sha256.New, []byte(secret))
		m.Write(body)
		good = hmac.Equal(mac, m.Sum(nil)) || good
	}
	if !good {
		return ErrForged
	}
	return nil
}

// News is what a webhook tells, as far as we care.
type News struct {
	Event, Action string
	Installation  int64  `json:",omitempty"`
	Repository    string `json:",omitempty"`
	Workflow      string `json:",omitempty"` // its file's name
	Title         string `json:",omitempty"`
	Run           release.Run
	Status        string `json:",omitempty"`
	Conclusion    string `json:",omitempty"`
	// Job is the job that a workflow_job is about.
	Job *Job `json:",omitempty"`
}

// ParseHook reads a webhook that was verified. An event that we do not know is
// News with nothing but its name: GitHub may send any.
func ParseHook(event string, body []byte) (News, error) {
	news := News{Event: event}
	switch event {
	case "workflow_run", "workflow_job", "installation", "installation_repositories", "ping":
	default:
		return news, nil
	}
	parsed, err := github.ParseWebHook(event, body)
	if err != nil {
		return news, fmt.Errorf("read the %s webhook: %w", oneLine(event), err)
	}
	switch e := parsed.(type) {
	case *github.WorkflowRunEvent:
		// go-github v60 drops the run's path; the workflow's is the same file.
		news.Action, news.Repository, news.Installation = e.GetAction(), e.GetRepo().GetFullName(), e.GetInstallation().GetID()
		news.Workflow, news.Title = path.Base(e.GetWorkflow().GetPath()), e.GetWorkflowRun().GetDisplayTitle()
		news.Run, news.Status, news.Conclusion = runOf(e.GetWorkflowRun()), e.GetWorkflowRun().GetStatus(), e.GetWorkflowRun().GetConclusion()
		if news.Run.ID == "0" || news.Repository == "" {
			return news, errors.New("the workflow_run webhook names no run or no repository")
		}
	case *github.WorkflowJobEvent:
		return jobNews(news, e, body)
	case *github.InstallationEvent:
		news.Action, news.Installation = e.GetAction(), e.GetInstallation().GetID()
	case *github.InstallationRepositoriesEvent:
		news.Action, news.Installation = e.GetAction(), e.GetInstallation().GetID()
	}
	return news, nil
}

func jobNews(news News, e *github.WorkflowJobEvent, body []byte) (News, error) {
	j := e.GetWorkflowJob()
	// The attempt is not in go-github's job.
	var more struct {
		Job struct {
			Attempt int `json:"run_attempt"`
		} `json:"workflow_job"`
	}
	if err := json.Unmarshal(body, &more); err != nil {
		return news, fmt.Errorf("read the workflow_job webhook: %w", err)
	}
	news.Action, news.Repository, news.Installation = e.GetAction(), e.GetRepo().GetFullName(), e.GetInstallation().GetID()
	if j.GetRunID() == 0 || news.Repository == "" {
		return news, errors.New("the workflow_job webhook names no run or no repository")
	}
	news.Run = release.Run{ID: fmt.Sprint(j.GetRunID()), Attempt: max(more.Job.Attempt, 1)}
	news.Job = &Job{Name: j.GetName(), Status: j.GetStatus(), Conclusion: j.GetConclusion(), Runner: j.GetRunnerName(), Labels: j.Labels}
	news.Status = "queued"
	if j.GetStatus() == "in_progress" || j.GetStatus() == completed {
		news.Status = "in_progress" // a job that is over is not yet its run
	}
	return news, nil
}

// Seen is the run as the webhook tells of it.
func (n News) Seen() Seen {
	s := Seen{Run: n.Run, Status: n.Status, Conclusion: n.Conclusion}
	if n.Job != nil {
		s.Jobs = []Job{*n.Job}
		if n.Job.Runner != "" && n.Job.Status == "queued" {
			s.Jobs[0].Runner = "" // an earlier one's
		}
	}
	return s
}
