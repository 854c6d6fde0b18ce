package githubapp

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/release"
)

// MaxWebhook bounds a webhook's body, in bytes: GitHub sends no larger ones.
const MaxWebhook = 25 << 20

// The errors of VerifyWebhook.
var (
	// ErrUnsigned: there is no SHA-256 signature. A SHA-1 signature does not count.
	ErrUnsigned = errors.New("the webhook is not signed: X-Hub-Signature-256 is missing (give the webhook a secret)")
	// ErrForged: the signature is by none of the secrets.
	ErrForged = errors.New("the webhook's signature is by none of the configured secrets")
)

// VerifyWebhook checks a webhook's signature over its raw body against each
// secret, so that a secret can be replaced without losing a delivery.
func VerifyWebhook(h http.Header, body []byte, secrets []string) error {
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
			continue // anybody could sign with it
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

// Webhook has the content of a webhook that Pressrun uses.
type Webhook struct {
	Event, Action string
	Installation  int64  `json:",omitempty"`
	Repository    string `json:",omitempty"`
	Workflow      string `json:",omitempty"` // its file's name
	Title         string `json:",omitempty"`
	Run           release.Run
	Status        string `json:",omitempty"`
	Conclusion    string `json:",omitempty"`
	// At is when the run last changed, by GitHub; zero if it does not say.
	At time.Time `json:",omitzero"`
	// Job is the job of a workflow_job.
	Job *Job `json:",omitempty"`
	// Environment and Callback are those of a deployment_protection_rule; see
	// Approvals.Of.
	Environment string `json:",omitempty"`
	Callback    string `json:",omitempty"`
	// Change is the change in an installation's webhook.
	Change *Change `json:",omitempty"`
	// Pull is the number of the webhook's pull request, and Said the comment or label
	// that somebody added.
	Pull int64 `json:",omitempty"`
	Said *Said `json:",omitempty"`
	// WasCalled is the old name (owner/name) of a renamed or transferred repository.
	WasCalled string `json:",omitempty"`
}

// webhookBody has the fields of a webhook's body that Pressrun reads, a hundredth of it:
// the rest is skipped.
type webhookBody struct {
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
	pullBody
	Changes struct {
		Repository struct {
			Name struct {
				From string `json:"from"`
			} `json:"name"`
		} `json:"repository"`
		Owner struct {
			From struct {
				User         account `json:"user"`
				Organization account `json:"organization"`
			} `json:"from"`
		} `json:"owner"`
	} `json:"changes"`
	Run struct {
		ID         int64  `json:"id"`
		Attempt    int    `json:"run_attempt"`
		URL        string `json:"html_url"`
		Title      string `json:"display_title"`
		Path       string `json:"path"`
		Status     string `json:"status"`
		Conclusion string `json:"conclusion"`
		UpdatedAt  string `json:"updated_at"`
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

// lenient accepts what encoding/json does. The package used here, its successor, skips
// unread fields four times as fast, and these are nearly all of a webhook.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// ParseWebhook reads a webhook that was verified. An unknown event gives a Webhook with
// its name only: GitHub may send any.
func ParseWebhook(event string, body []byte) (Webhook, error) {
	hook := Webhook{Event: event}
	switch event {
	case "workflow_run", "workflow_job", "installation", "installation_repositories", EventProtectionRule, EventRepository, EventComment, EventPull, "ping":
	default:
		return hook, nil
	}
	var b webhookBody
	if err := json.Unmarshal(body, &b, lenient); err != nil {
		return hook, fmt.Errorf("read the %s webhook: %w", extract(event), err)
	}
	hook.Action, hook.Repository, hook.Installation = b.Action, b.Repository.FullName, b.Installation.ID
	switch event {
	case "workflow_run":
		file, _, _ := strings.Cut(cmp.Or(b.Run.Path, b.Workflow.Path), "@")
		hook.Workflow, hook.Title, hook.Status, hook.Conclusion = path.Base(file), b.Run.Title, b.Run.Status, b.Run.Conclusion
		hook.At, _ = time.Parse(time.RFC3339, b.Run.UpdatedAt) // the time is optional
		hook.Run = release.Run{ID: strconv.FormatInt(b.Run.ID, 10), Attempt: max(b.Run.Attempt, 1), URL: b.Run.URL}
	case "workflow_job":
		hook.fillFromJob(b)
	case EventComment, EventPull:
		hook.fillFromPull(b)
		return hook, nil
	case EventProtectionRule:
		hook.Environment, hook.Callback = b.Environment, b.Callback
		return hook, nil
	case "installation", "installation_repositories":
		hook.Change = changeOf(b)
		return hook, nil
	case EventRepository:
		hook.WasCalled = calledBefore(b)
		return hook, nil
	default:
		return hook, nil
	}
	if b.Run.ID == 0 && b.Job.RunID == 0 || hook.Repository == "" {
		return hook, fmt.Errorf("the %s webhook names no run or no repository", event)
	}
	return hook, nil
}

func (n *Webhook) fillFromJob(b webhookBody) {
	n.Run = release.Run{ID: strconv.FormatInt(b.Job.RunID, 10), Attempt: max(b.Job.Attempt, 1)}
	n.Job = &Job{Name: b.Job.Name, Status: b.Job.Status, Conclusion: b.Job.Conclusion, Runner: b.Job.Runner, Labels: b.Job.Labels}
	n.Status = "queued"
	if b.Job.Status == "in_progress" || b.Job.Status == completed {
		n.Status = "in_progress" // the run goes on after a job's end
	}
}

// RunStatus is the state of the run, by the webhook.
func (n Webhook) RunStatus() RunStatus {
	s := RunStatus{Run: n.Run, Status: n.Status, Conclusion: n.Conclusion}
	if n.Job != nil {
		s.Jobs = []Job{*n.Job}
		if n.Job.Runner != "" && n.Job.Status == "queued" {
			s.Jobs[0].Runner = "" // an earlier one's
		}
	}
	return s
}

const (
	// redeliverWithin is how long GitHub keeps deliveries for redelivery (github.com;
	// GHES keeps them longer).
	redeliverWithin = 3 * 24 * time.Hour
	// maxDeliveries bounds how many deliveries one call of Redeliver examines.
	maxDeliveries = 1000
)

// Redeliver asks GitHub to redeliver webhooks that did not arrive, which GitHub never
// does by itself. done says which deliveries the app has processed, even if GitHub counts
// them as failed. It returns how many are redelivered.
func (r *Runner) Redeliver(ctx context.Context, done func(ctx context.Context, guid string) (bool, error)) (int, error) {
	app, err := r.links.app()
	if err != nil {
		return 0, err
	}
	missed, err := missedDeliveries(ctx, app)
	if err != nil {
		return 0, err
	}
	sent := 0
	for guid, id := range missed {
		ok, err := done(ctx, guid)
		if err != nil {
			return sent, err
		}
		if ok {
			continue
		}
		_, _, err = app.Apps.RedeliverHookDelivery(ctx, id)
		if _, accepted := errors.AsType[*github.AcceptedError](err); !accepted && err != nil {
			return sent, fmt.Errorf("have delivery %s sent again: %w", guid, err)
		}
		sent++
	}
	return sent, nil
}

// missedDeliveries are the newest tries, by GUID, of deliveries none of whose
// tries arrived.
func missedDeliveries(ctx context.Context, app *github.Client) (map[string]int64, error) {
	arrived, missed := map[string]bool{}, map[string]int64{}
	seen, cursor := 0, ""
	for seen < maxDeliveries {
		page, resp, err := app.Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 100, Cursor: cursor})
		if err != nil {
			return nil, fmt.Errorf("list the webhooks' deliveries: %w", err)
		}
		for _, d := range page {
			seen++
			if time.Since(d.GetDeliveredAt().Time) > redeliverWithin {
				continue
			}
			if code := d.GetStatusCode(); code >= 200 && code < 300 {
				arrived[d.GetGUID()] = true
			} else if missed[d.GetGUID()] == 0 {
				missed[d.GetGUID()] = d.GetID()
			}
		}
		if cursor = resp.Cursor; cursor == "" || len(page) == 0 {
			break
		}
	}
	for guid := range arrived {
		delete(missed, guid)
	}
	return missed, nil
}
