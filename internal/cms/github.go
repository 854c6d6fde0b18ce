package cms

import (
	"crypto/sha256"
	"strings"
	"time"
)

// gitHub is a repository's webhook: pushes of code, releases, and
// repository_dispatch, by which CMSs in front of GitHub ask
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads).
type gitHub struct{}

func (gitHub) Name() string  { return "github" }
func (gitHub) Title() string { return "GitHub" }
func (gitHub) Signed() bool  { return true }

func (gitHub) Verify(d Delivery, secrets []string, _ time.Time) error {
	return verifyHub(d, "X-Hub-Signature-256", "sha256=", sha256.New, secrets)
}

func (gitHub) Sign(d *Delivery, secret string, _ time.Time) { signHub(d, secret) }

func (gitHub) Events(d Delivery) ([]Event, error) {
	if values := form(d); values != nil {
		d.Body = []byte(values.Get("payload")) // the content type a webhook has by default
	}
	o, err := decode(d)
	if err != nil {
		return nil, err
	}
	kind := d.Header.Get("X-GitHub-Event")
	if kind == "" {
		return nil, badFormat("the header X-GitHub-Event is missing")
	}
	e := Event{
		ID: d.Header.Get("X-GitHub-Delivery"), Name: kind, Action: Changed, Type: kind, Entity: o.text("repository", "full_name"),
		User: o.firstText("sender.login", "pusher.name"), URL: o.text("compare"),
	}
	switch kind {
	case "ping":
		e.Action = Test
	case "push":
		e.Environment = strings.TrimPrefix(o.text("ref"), "refs/heads/")
		e.Title, _, _ = strings.Cut(o.text("head_commit", "message"), "\n")
		e.Action, e.Fields, e.At = Updated, pushedFiles(o), o.time("head_commit", "timestamp")
	case "repository_dispatch":
		e.Name, e.Title, e.Environment = "repository_dispatch."+o.text("action"), o.firstText("client_payload.title", "client_payload.reason"), o.text("branch")
	case "release":
		e.Name, e.Action, e.Title = "release."+o.text("action"), actionIn(o.text("action")), o.firstText("release.name", "release.tag_name")
	}
	return []Event{e}, nil
}

// maxFiles bounds how many files of a push are kept.
const maxFiles = 1000

// pushedFiles are the files that a push touched, for rules about paths.
func pushedFiles(o object) []string {
	var files []string
	seen := map[string]bool{}
	for _, commit := range o.list("commits") {
		m, _ := commit.(map[string]any)
		for _, list := range []string{"added", "modified", "removed"} {
			for _, file := range object(m).list(list) {
				if name := textOf(file); name != "" && !seen[name] && len(files) < maxFiles {
					seen[name] = true
					files = append(files, name)
				}
			}
		}
	}
	return files
}

func (gitHub) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json", "X-GitHub-Event", "push", "X-GitHub-Delivery", "sample"),
		Body: []byte(`{"ref":"refs/heads/main","repository":{"full_name":"example/www"},"sender":{"login":"ana"},"head_commit":{"message":"Change the footer","timestamp":"2026-11-28T12:00:00Z"},"commits":[{"added":[],"modified":["layouts/footer.html"],"removed":[]}]}`),
	}
}
