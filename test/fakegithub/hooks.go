package fakegithub

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// hook is where webhooks go.
type hook struct {
	url, secret string
	plan        func(Hook) HookPlan
}

// Hook is a webhook that is about to be sent.
type Hook struct {
	GUID, Event, Action string
	Run                 Run
}

// HookPlan is what becomes of it: Copies of 0 is one, -1 is none at all, as
// if GitHub had lost it before sending. Fail notes it as failed, unsent.
type HookPlan struct {
	Copies int
	Delay  time.Duration
	Fail   bool
}

type delivery struct {
	id         int64
	guid       string
	event      string
	action     string
	at         time.Time
	redelivery bool
	status     int // 0: never arrived
	repo       int64
	install    int64
	body       []byte
}

// SetHook tells where webhooks go and with which secret they are signed.
func (s *Server) SetHook(url, secret string, plan func(Hook) HookPlan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook.url, s.hook.secret, s.hook.plan = url, secret, plan
}

// Sign makes the X-Hub-Signature-256 of a body.
func Sign(secret string, body []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

// Example is one of GitHub's own payloads, such as "workflow_run.completed.1".
func Example(name string) []byte {
	text, err := json.Marshal(example(name))
	if err != nil {
		panic(err) // it was JSON before
	}
	return text
}

// RunPayload is the workflow_run webhook of a run as it stands.
func (s *Server) RunPayload(run Run, action string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runPayload(run, action)
}

func (s *Server) runPayload(run Run, action string) []byte {
	repo := s.repos[run.Repo]
	body := with(example("workflow_run.requested.3"), object{
		"action": action, "workflow_run": s.runObject(repo, run), "repository": s.repoObject(repo),
		"workflow": s.workflowObject(repo, repo.Workflows[run.Workflow]), "installation": object{"id": repo.Installation, "node_id": "I_1"},
	})
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // it came from JSON
	}
	return text
}

// send sends a run's webhook.
func (s *Server) send(run Run, action string) {
	s.mu.Lock()
	body := s.runPayload(run, action)
	s.mu.Unlock()
	s.post(Hook{Event: "workflow_run", Action: action, Run: run}, body)
}

// SendRenamed sends the webhook that a repository was renamed, or transferred when
// its owner is another one than before; before is the name that it had.
func (s *Server) SendRenamed(repo, before string) {
	s.mu.Lock()
	now := s.repos[repo]
	owner, name, _ := strings.Cut(before, "/")
	body := object{"action": "renamed", "changes": object{"repository": object{"name": object{"from": name}}}}
	if newOwner, _, _ := strings.Cut(repo, "/"); newOwner != owner {
		body = object{"action": "transferred", "changes": object{"owner": object{"from": object{"organization": object{"login": owner}}}}}
	}
	body["repository"], body["sender"] = s.repoObject(now), object{"login": "octocat"}
	body["installation"] = object{"id": now.Installation, "node_id": "I_1"}
	text, err := json.Marshal(body)
	s.mu.Unlock()
	if err != nil {
		panic(err) // objects and texts
	}
	s.post(Hook{Event: "repository", Action: body["action"].(string), Run: Run{Repo: repo}}, text)
}

// sendJob sends the webhooks of a run's jobs.
func (s *Server) sendJob(run Run) {
	for _, j := range run.Jobs {
		if j.Status == "pending" {
			continue
		}
		s.mu.Lock()
		repo := s.repos[run.Repo]
		body, err := json.Marshal(with(example("workflow_job.queued.5"), object{
			"action": j.Status, "workflow_job": s.jobObject(run, j), "repository": s.repoObject(repo), "installation": object{"id": repo.Installation, "node_id": "I_1"},
		}))
		s.mu.Unlock()
		if err != nil {
			panic(err) // it came from JSON
		}
		s.post(Hook{Event: "workflow_job", Action: j.Status, Run: run}, body)
	}
}

func (s *Server) post(h Hook, body []byte) {
	h.GUID = newGUID()
	s.mu.Lock()
	to, plan := s.hook, HookPlan{}
	repo := s.repos[h.Run.Repo]
	s.mu.Unlock()
	if to.url == "" {
		return
	}
	if to.plan != nil {
		plan = to.plan(h)
	}
	if plan.Copies < 0 {
		return
	}
	d := delivery{guid: h.GUID, event: h.Event, action: h.Action, repo: repo.ID, install: repo.Installation, body: body}
	if plan.Fail {
		s.keep(d)
		return
	}
	for range max(plan.Copies, 1) {
		s.later(plan.Delay, func() {
			sent := d
			sent.status = s.deliver(sent)
			s.keep(sent)
		})
	}
}

func (s *Server) keep(d delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.id, d.at = s.id(), s.options.Now()
	s.deliveries = append(s.deliveries, &d)
}

// deliver posts a webhook as GitHub does and gives the status, 0 for none.
// GitHub waits 10 seconds for it.
func (s *Server) deliver(d delivery) int {
	s.mu.Lock()
	to := s.hook
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, bytes.NewReader(d.body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "GitHub-Hookshot/0000000")
	r.Header.Set("X-GitHub-Event", d.event)
	r.Header.Set("X-GitHub-Delivery", d.guid)
	r.Header.Set("X-Hub-Signature-256", Sign(to.secret, d.body))
	resp, err := (&http.Client{Transport: s.options.HookTransport}).Do(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func newGUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (s *Server) deliveryObject(d *delivery) object {
	status := "OK"
	if d.status < 200 || d.status > 299 {
		status = "failed"
	}
	return object{
		"id": d.id, "guid": d.guid, "delivered_at": d.at.UTC().Format(time.RFC3339), "redelivery": d.redelivery, "duration": 0.1, "status": status,
		"status_code": d.status, "event": d.event, "action": d.action, "installation_id": d.install, "repository_id": d.repo,
	}
}

func (s *Server) listDeliveries(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []object{}
	for i := len(s.deliveries) - 1; i >= 0; i-- {
		out = append(out, s.deliveryObject(s.deliveries[i]))
	}
	reply(w, 200, page(r, out))
}

func (s *Server) oneDelivery(r *http.Request) *delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.deliveries {
		if strconv.FormatInt(d.id, 10) == r.PathValue("id") {
			return d
		}
	}
	return nil
}

func (s *Server) getDelivery(w http.ResponseWriter, r *http.Request) {
	d := s.oneDelivery(r)
	if d == nil {
		refuse(w, http.StatusUnprocessableEntity, "Not Found")
		return
	}
	reply(w, 200, with(s.deliveryObject(d), object{"request": object{"headers": object{}, "payload": object{}}, "response": object{"headers": object{}, "payload": nil}}))
}

func (s *Server) redeliver(w http.ResponseWriter, r *http.Request) {
	d := s.oneDelivery(r)
	if d == nil {
		refuse(w, http.StatusUnprocessableEntity, "Not Found")
		return
	}
	again := *d
	again.redelivery = true
	s.later(0, func() {
		again.status = s.deliver(again)
		s.keep(again)
	})
	reply(w, http.StatusAccepted, object{})
}
