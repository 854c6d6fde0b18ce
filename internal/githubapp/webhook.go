package githubapp

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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
	// Environment and Callback are those of a deployment_protection_rule; see
	// GateOf.
	Environment string `json:",omitempty"`
	Callback    string `json:",omitempty"`
	// Change is what an installation's webhook tells.
	Change *Change `json:",omitempty"`
}

// hookBody is what of a webhook's body we read. It is a hundredth of it: the
// rest is skipped without being kept.
type hookBody struct {
	Action       string `json:"action"`
	Installation struct {
		ID      int64   `json:"id"`
		Account account `json:"account"`
	} `json:"installation"`
	Sender       account `json:"sender"`
	Repositories []named `json:"repositories"`
	Added        []named `json:"repositories_added"`
	Removed      []named `json:"repositories_removed"`
	Repository   struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
	Run struct {
		ID         int64  `json:"id"`
		Attempt    int    `json:"run_attempt"`
		URL        string `json:"html_url"`
		Title      string `json:"display_title"`
		Path       string `json:"path"`
		Status     string `json:"status"`
		Conclusion string `json:"conclusion"`
	} `json:"workflow_run"`
	Environment string `json:"environment"`
	Callback    string `json:"deployment_callback_url"`
	Workflow    struct {
		Path string `json:"path"`
	} `json:"workflow"`
	Job struct {
		RunID      int64    `json:"run_id"`
		Attempt    int      `json:"run_attempt"`
		Name       string   `json:"name"`
		Status     string   `json:"status"`
		Conclusion string   `json:"conclusion"`
		Runner     string   `json:"runner_name"`
		Labels     []string `json:"labels"`
	} `json:"workflow_job"`
}

// lenient is as encoding/json reads. This is that package's next version, which
// skips what is not asked for four times as fast: nearly all of a webhook.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// ParseHook reads a webhook that was verified. An event that we do not know is
// News with nothing but its name: GitHub may send any.
func ParseHook(event string, body []byte) (News, error) {
	news := News{Event: event}
	switch event {
	case "workflow_run", "workflow_job", "installation", "installation_repositories", HookProtectionRule, "ping":
	default:
		return news, nil
	}
	var b hookBody
	if err := json.Unmarshal(body, &b, lenient); err != nil {
		return news, fmt.Errorf("read the %s webhook: %w", extract(event), err)
	}
	news.Action, news.Repository, news.Installation = b.Action, b.Repository.FullName, b.Installation.ID
	switch event {
	case "workflow_run":
		file, _, _ := strings.Cut(cmp.Or(b.Run.Path, b.Workflow.Path), "@")
		news.Workflow, news.Title, news.Status, news.Conclusion = path.Base(file), b.Run.Title, b.Run.Status, b.Run.Conclusion
		news.Run = release.Run{ID: strconv.FormatInt(b.Run.ID, 10), Attempt: max(b.Run.Attempt, 1), URL: b.Run.URL}
	case "workflow_job":
		news.jobNews(b)
	case HookProtectionRule:
		news.Environment, news.Callback = b.Environment, b.Callback
		return news, nil
	case "installation", "installation_repositories":
		news.Change = changeOf(b)
		return news, nil
	default:
		return news, nil
	}
	if b.Run.ID == 0 && b.Job.RunID == 0 || news.Repository == "" {
		return news, fmt.Errorf("the %s webhook names no run or no repository", event)
	}
	return news, nil
}

func (n *News) jobNews(b hookBody) {
	n.Run = release.Run{ID: strconv.FormatInt(b.Job.RunID, 10), Attempt: max(b.Job.Attempt, 1)}
	n.Job = &Job{Name: b.Job.Name, Status: b.Job.Status, Conclusion: b.Job.Conclusion, Runner: b.Job.Runner, Labels: b.Job.Labels}
	n.Status = "queued"
	if b.Job.Status == "in_progress" || b.Job.Status == completed {
		n.Status = "in_progress" // a job that is over is not yet its run
	}
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
