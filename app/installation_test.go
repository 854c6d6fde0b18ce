package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

// hookSent sends a webhook as GitHub does, signed, and gives the answer.
func (h *hub) hookSent(t *testing.T, number int, event string, body []byte) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+github.WebhookPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", fmt.Sprintf("10000000-0000-0000-0000-%012d", number))
	r.Header.Set("X-Hub-Signature-256", fakegithub.Sign(hookSecret, body))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// changedExample is one of GitHub's own payloads with other owners and texts.
func changedExample(t *testing.T, name string, texts ...string) []byte {
	t.Helper()
	body := strings.NewReplacer(texts...).Replace(string(fakegithub.Example(name)))
	if !json.Valid([]byte(body)) {
		t.Fatal("no JSON")
	}
	return []byte(body)
}

func (h *hub) installationEvents(t *testing.T) []ledger.Event {
	t.Helper()
	return h.eventsOf(t, api.EventInstallation)
}

// eventsOf are the events of a kind in the audit trail.
func (h *hub) eventsOf(t *testing.T, kind string) []ledger.Event {
	t.Helper()
	all, err := h.app.ledger.Events(t.Context(), "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []ledger.Event
	for _, e := range all {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

func TestChangesOfTheInstallationAreInTheAuditTrail(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	for i, of := range []struct {
		event, example string
		texts          []string
		why, by        string // "" for no event
	}{
		{"installation", "installation.created.1", []string{"Codertocat/Hello-World", "ACME/www"}, "was installed", "Codertocat on GitHub"},
		{"installation", "installation.created.1", nil, "", ""},
		{"installation", "installation.suspend.5", []string{`"login":"Codertocat"`, `"login":"acme"`}, "suspended: no release", "acme on GitHub"},
		{"installation", "installation.suspend.5", nil, "", ""},
		{"installation", "installation.deleted.3", []string{"octocat/Hello-World", "acme/www"}, "uninstalled: no release", "octocat on GitHub"},
		{"installation_repositories", "installation_repositories.added.1", []string{"Codertocat/Space", "acme/www"}, "was given acme/www", "Codertocat on GitHub"},
		{"installation_repositories", "installation_repositories.added.1", []string{`"login":"Codertocat"`, `"login":"acme"`}, "", ""},
		{"installation_repositories", "installation_repositories.removed.2", []string{"octocat/Hello-World", "acme/www"}, "taken from acme/www", "octocat on GitHub"},
		{"installation", "installation.created.1", []string{"Codertocat/Hello-World", "acme/www", `"created"`, `"\u001b[31m<b>"`}, "changed: <b>", "Codertocat on GitHub"},
	} {
		before := len(h.installationEvents(t))
		if status := h.hookSent(t, i, of.event, changedExample(t, of.example, of.texts...)); status != http.StatusAccepted {
			t.Fatalf("%d: the answer is %d", i, status)
		}
		h.processed(t, i)
		got := h.installationEvents(t)[before:]
		if of.why == "" {
			if len(got) != 0 {
				t.Errorf("%d: a change that is no site's made %+v", i, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Site != "www" || !strings.Contains(got[0].Why, of.why) || strings.Contains(got[0].Why, "\x1b") || got[0].By != of.by {
			t.Errorf("%d: the audit trail has %+v, expected %q by %s", i, got, of.why, of.by)
		}
	}
}

func (h *hub) processed(t *testing.T, number int) {
	t.Helper()
	eventually.Holds(t, fmt.Sprintf("delivery %d to be processed", number), func() bool {
		done, err := h.app.ledger.Deliveries().Processed(t.Context(), fmt.Sprintf("10000000-0000-0000-0000-%012d", number))
		if err != nil {
			t.Fatal(err)
		}
		return done
	})
}
