package app

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestWebhooksThatAreNotTaken(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	body := fakegithub.Example("workflow_run.completed.1")
	tests := []struct {
		name, event, signature string
		body                   []byte
		status                 int
	}{
		{"signed", "workflow_run", fakegithub.Sign(hookSecret, body), body, 202},
		{"unsigned", "workflow_run", "", body, 401},
		{"forged", "workflow_run", fakegithub.Sign("guess", body), body, 401},
		{"cut short", "workflow_run", fakegithub.Sign(hookSecret, body), body[:len(body)/2], 401},
		{"cut short before it was signed", "workflow_run", fakegithub.Sign(hookSecret, body[:100]), body[:100], 400},
		{"too large", "workflow_run", fakegithub.Sign(hookSecret, nil), bytes.Repeat([]byte(" "), 26<<20), 413},
		{"of an event that we do not know", "of_tomorrow", fakegithub.Sign(hookSecret, []byte("{}")), []byte("{}"), 202},
		{"ping", "ping", fakegithub.Sign(hookSecret, fakegithub.Example("ping.ping")), fakegithub.Example("ping.ping"), 202},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+github.WebhookPath, bytes.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-GitHub-Event", tt.event)
			r.Header.Set("X-GitHub-Delivery", fmt.Sprintf("00000000-0000-0000-0000-%012d", i))
			if tt.signature != "" {
				r.Header.Set("X-Hub-Signature-256", tt.signature)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("the answer is %s, want %d", resp.Status, tt.status)
			}
		})
	}
}

func TestWebhooksThatComeTogetherAreEachKeptAsTheyAre(t *testing.T) {
	h := startHub(t, fakegithub.Options{InProcess: true}, nil)
	run, err := h.github.Press("acme/www", "content-release.yml", "schedule", nil)
	if err != nil {
		t.Fatal(err)
	}
	h.app.stopNow() // none of them is to be processed
	h.app.tasks.Wait()
	payload, id := h.github.RunPayload(run, "requested"), strconv.FormatInt(run.ID, 10)
	const count = 64
	var crowd sync.WaitGroup
	for i := range count {
		crowd.Go(func() {
			// Of all sizes, so that a short one comes where a long one was.
			body := append(bytes.Repeat([]byte(" "), 5000*(i%32)), bytes.ReplaceAll(payload, []byte(id), fmt.Appendf(nil, "%d", 1000+i))...)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, github.WebhookPath, bytes.NewReader(body))
			r.Header.Set("X-GitHub-Event", "workflow_run")
			r.Header.Set("X-GitHub-Delivery", fmt.Sprint("together-", 1000+i))
			r.Header.Set("X-Hub-Signature-256", fakegithub.Sign(hookSecret, body))
			answer := httptest.NewRecorder()
			h.hub().Routes()[0].Handler.ServeHTTP(answer, r)
			if answer.Code != http.StatusAccepted {
				t.Errorf("webhook %d: the answer is %d: %s", i, answer.Code, answer.Body)
			}
		})
	}
	crowd.Wait()
	kept, err := h.app.ledger.Deliveries().Waiting(t.Context(), 2*count)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, d := range kept {
		if number, ok := strings.CutPrefix(d.ID, "together-"); ok {
			seen[number] = d.Run == number && strings.Contains(d.Doc, `/actions/runs/`+number+`"`)
			if !seen[number] {
				t.Errorf("%s was kept as that of run %s: %s", d.ID, d.Run, d.Doc)
			}
		}
	}
	if len(seen) != count {
		t.Errorf("%d of %d webhooks were kept", len(seen), count)
	}
}

func TestWebhooksOutOfOrderLateAndDoubledChangeNothing(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	// Everything of a run twice, and what came first last.
	delays := map[string]time.Duration{"requested": 400 * time.Millisecond, "queued": 300 * time.Millisecond, "in_progress": 200 * time.Millisecond}
	h.github.SetHook(h.url+github.WebhookPath, hookSecret, func(hook fakegithub.Hook) fakegithub.HookPlan {
		return fakegithub.HookPlan{Copies: 2, Delay: delays[hook.Action]}
	})
	h.publish(t, h.dispatched(t))
	h.until(t, "ready", inState(release.Ready))
	h.ask(t, "The next one")
	next := h.waiting(t)
	eventually.Holds(t, "the first run's late webhooks", h.github.Idle)
	site := h.until(t, "the next one", inState(release.Dispatched))
	if site.Current.Number != 2 || site.Last.Outcome != release.Succeeded || site.Failures != 0 {
		t.Errorf("late webhooks of release #1 made of the site: %+v", site)
	}
	h.publish(t, next)
	site = h.until(t, "ready", inState(release.Ready))
	if site.Last.Number != 2 || site.Last.Outcome != release.Succeeded || site.Failures != 0 {
		t.Errorf("after late webhooks of release #1 the next one made of the site: %+v", site)
	}
}

func TestMissedWebhooksAreSentAgain(t *testing.T) {
	h := startHub(t, fakegithub.Options{}, nil)
	h.github.SetHook(h.url+github.WebhookPath, hookSecret, func(fakegithub.Hook) fakegithub.HookPlan { return fakegithub.HookPlan{Fail: true} })
	run := h.dispatched(t)
	if err := h.github.Step(run.ID, "completed", "cancelled"); err != nil {
		t.Fatal(err)
	}
	if s, err := h.app.ledger.Site(t.Context(), "www"); err != nil || s.State != release.Dispatched {
		t.Fatalf("the site is %s, %v", s.State, err)
	}
	h.hub().AskForMissed(t.Context())
	site := h.until(t, "cancelled", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome != release.Cancelled {
		t.Errorf("the release ended as %+v", site.Last)
	}
}
