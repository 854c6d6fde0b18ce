package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakegithub"
)

const previewsRepo = "acme/www"

// pullOf is a pull request of the repository's own branch.
func pullOf(number int64) fakegithub.Pull {
	return fakegithub.Pull{Number: number, Head: commitOf(int(number)), Branch: "x"}
}

func commitOf(n int) string { return fmt.Sprintf("%040x", n) }

// startPulls is a hub whose site previews pull requests. Ada may write, Eve may not.
func startPulls(t *testing.T, more ...func(*config.Config)) *hub {
	t.Helper()
	h := startHub(t, fakegithub.Options{}, func(c *config.Config) {
		site := c.Sites["www"]
		site.GitHub.Previews = &config.SitePreviews{Workflow: "preview-pull-request.yml", Address: "https://*.preview.example.gov", Label: "preview"}
		c.Sites["www"] = site
		for _, change := range more {
			change(c)
		}
	})
	h.github.Lock(func() {
		h.repo.Permissions = fakegithub.PullPermissions()
		w := fakegithub.PreviewPulls()
		w.ID, w.State = 77, "active"
		h.repo.Workflows[w.File] = w
	})
	h.github.AddPerson(previewsRepo, fakegithub.Person{Login: "ada", Role: "maintain"})
	h.github.AddPerson(previewsRepo, fakegithub.Person{Login: "eve", Role: "triage"})
	h.github.AddPerson(previewsRepo, fakegithub.Person{Login: "robot", Role: "write", Bot: true})
	return h
}

// previewRuns are the runs of previews, oldest first.
func (h *hub) previewRuns() []fakegithub.Run {
	var out []fakegithub.Run
	for _, r := range h.github.Runs() {
		if r.Workflow == "preview-pull-request.yml" {
			out = append(out, r)
		}
	}
	return out
}

// previewRun waits for the n-th run of previews, from 1.
func (h *hub) previewRun(t *testing.T, n int) fakegithub.Run {
	t.Helper()
	var runs []fakegithub.Run
	eventually.Succeeds(t, fmt.Sprintf("run %d of previews", n), func() error {
		if runs = h.previewRuns(); len(runs) < n {
			return fmt.Errorf("there are %d; the log:\n%s", len(runs), h.logs)
		}
		return nil
	})
	return runs[n-1]
}

func (h *hub) endPreview(t *testing.T, run fakegithub.Run, conclusion string) {
	t.Helper()
	for _, step := range [][2]string{{"in_progress", ""}, {"completed", conclusion}} {
		if err := h.github.Step(run.ID, step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
}

// says waits until the one comment on a pull request says something.
func (h *hub) says(t *testing.T, number int64, want string) fakegithub.Comment {
	t.Helper()
	var ours []fakegithub.Comment
	eventually.Succeeds(t, "the comment says "+want, func() error {
		ours = nil
		for _, c := range h.github.Comments(previewsRepo, number) {
			if strings.HasSuffix(c.Login, "[bot]") {
				ours = append(ours, c)
			}
		}
		if len(ours) != 1 || !strings.Contains(ours[0].Body, want) {
			return fmt.Errorf("comments of ours: %+v; the log:\n%s", ours, h.logs)
		}
		return nil
	})
	return ours[0]
}

// report is what the run of a preview tells the app.
func (h *hub) report(t *testing.T, run fakegithub.Run, bearer string, pages ...string) int {
	t.Helper()
	list := []map[string]string{}
	for _, p := range pages {
		list = append(list, map[string]string{"path": p, "change": "changed"})
	}
	body, err := json.Marshal(map[string]any{
		"site": "www", "pull_request": 12, "token": run.Inputs["token"], "address": "https://elsewhere.example",
		"differences": map[string]any{"release": 3, "changed": len(pages), "pages": list},
	})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+github.PreviewReportPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// active are the deployments of previews that are not over.
func (h *hub) previewDeployments() (states []string) {
	for _, d := range h.github.Deployments() {
		if d.Task == "pressrun:preview" && len(d.States) > 0 {
			states = append(states, d.States[len(d.States)-1]+" "+d.Links[len(d.Links)-1])
		}
	}
	return states
}

func TestAPullRequestIsPreviewedFromCommentToMerge(t *testing.T) {
	h := startPulls(t)
	p := fakegithub.Pull{Number: 12, Head: commitOf(1), Branch: "x$(reboot)`touch /tmp/x`"}
	h.github.SetPull(previewsRepo, p, "opened")
	h.github.Say(previewsRepo, 12, "ada", "Please\n/preview\n")
	run := h.previewRun(t, 1)
	name := (pull.State{Number: 12}).Name()
	if in := run.Inputs; in["act"] != "create" || in["commit"] != commitOf(1) || in["pull_request"] != "12" || in["name"] != name || run.Ref != "main" {
		t.Errorf("the run is of %+v, on %s", in, run.Ref)
	}
	if strings.Contains(fmt.Sprint(run.Inputs), "reboot") {
		t.Errorf("the branch's name is an input: %+v", run.Inputs)
	}
	h.says(t, 12, "is being built")

	// Nobody but that run tells of it.
	other, err := h.github.Press(previewsRepo, "content-release.yml", "workflow_dispatch", nil)
	if err != nil {
		t.Fatal(err)
	}
	const here = "http://pressrun.test"
	if got := h.report(t, run, h.github.IDToken(other, here, nil)); got != http.StatusUnauthorized {
		t.Errorf("a release's run told of a preview: %d", got)
	}
	if got := h.report(t, fakegithub.Run{Inputs: map[string]string{"token": "GUESS"}}, h.github.IDToken(run, here, nil)); got != http.StatusConflict {
		t.Errorf("a run that nobody waits for told of a preview: %d", got)
	}
	if _, err := h.claim(t, h.github.IDToken(run, here, nil), claimOf(run)); err == nil {
		t.Error("the run of a preview claimed a release")
	}
	if got := h.report(t, run, h.github.IDToken(run, here, nil), "news/index.html", "a`b.html"); got != http.StatusNoContent {
		t.Errorf("the report was answered with %d", got)
	}
	h.endPreview(t, run, "success")
	shown := h.says(t, 12, "**<https://"+name+".preview.example.gov>** shows commit `0000000`")
	if !strings.Contains(shown.Body, "[`/news/`](https://"+name+".preview.example.gov/news/)") {
		t.Errorf("the comment lists no page:\n%s", shown.Body)
	}
	eventually.Holds(t, "a deployment with the address", func() bool {
		got := h.previewDeployments()
		return len(got) == 1 && got[0] == "success https://"+name+".preview.example.gov"
	})
	if d := h.github.Deployments()[0]; !d.Transient || d.Environment != "preview/"+name {
		t.Errorf("the deployment is %+v", d)
	}

	// A push builds it anew, a storm of pushes the last one.
	for n := 2; n < 8; n++ {
		p.Head = commitOf(n)
		h.github.SetPull(previewsRepo, p, "synchronize")
	}
	second := h.previewRun(t, 2)
	h.endPreview(t, second, "success")
	if second.Inputs["commit"] != commitOf(7) {
		third := h.previewRun(t, 3)
		h.endPreview(t, third, "success")
	}
	runs := len(h.previewRuns())

	// Its end: the run that removes, the comment, the deployment.
	p.Closed = true
	h.github.SetPull(previewsRepo, p, "closed")
	last := h.previewRun(t, runs+1)
	if in := last.Inputs; in["act"] != "remove" || in["name"] != name {
		t.Errorf("the run is of %+v", in)
	}
	h.endPreview(t, last, "success")
	if c := h.says(t, 12, "The pull request was closed."); c.ID != shown.ID || strings.Contains(c.Body, "preview.example.gov>") {
		t.Errorf("the comment is %+v, and was %d", c, shown.ID)
	}
	eventually.Holds(t, "no deployment", func() bool { return len(h.previewDeployments()) == 0 })
}

func TestAForkIsBuiltByApprovalOfExactlyThatCommit(t *testing.T) {
	h := startPulls(t)
	p := fakegithub.Pull{Number: 12, Head: commitOf(1), From: "eve/www"}
	h.github.SetPull(previewsRepo, p, "")
	h.github.Say(previewsRepo, 12, "ada", "/preview")
	h.says(t, 12, "/preview approve "+commitOf(1))
	h.github.Say(previewsRepo, 12, "ada", "/preview approve "+commitOf(1)[:12])
	h.says(t, 12, "expected the whole name")
	p.Head = commitOf(2)
	h.github.SetPull(previewsRepo, p, "") // its webhook is late
	h.github.Say(previewsRepo, 12, "ada", "/preview approve "+commitOf(1))
	h.says(t, 12, "the newest commit is "+commitOf(2))
	h.github.Say(previewsRepo, 12, "eve", "/preview approve "+commitOf(2))
	eventually.Holds(t, "the log tells of Eve", func() bool { return strings.Contains(h.logs.String(), "may not write") })
	if runs := h.previewRuns(); len(runs) > 0 {
		t.Fatalf("a fork's code was built: %+v", runs)
	}
	h.github.Say(previewsRepo, 12, "ada", "/preview approve "+commitOf(2))
	if run := h.previewRun(t, 1); run.Inputs["commit"] != commitOf(2) {
		t.Errorf("built is %+v", run.Inputs)
	}
	// A later push needs another approval: the run of the older commit is ended.
	p.Head = commitOf(3)
	h.github.SetPull(previewsRepo, p, "synchronize")
	h.says(t, 12, "/preview approve "+commitOf(3))
	if runs := h.previewRuns(); len(runs) != 1 {
		t.Errorf("runs: %+v", runs)
	}
}

func TestStrangersAndBotsAreNotAnswered(t *testing.T) {
	h := startPulls(t)
	h.github.SetPull(previewsRepo, fakegithub.Pull{Number: 12, Head: commitOf(1)}, "")
	for range 20 {
		h.github.Say(previewsRepo, 12, "eve", "/preview")
	}
	h.github.Say(previewsRepo, 12, "robot", "/preview")
	h.github.Label(previewsRepo, 12, "eve", "preview")
	eventually.Holds(t, "the log tells of both", func() bool {
		return strings.Contains(h.logs.String(), "a bot sent it") && strings.Contains(h.logs.String(), "may not write")
	})
	eventually.Holds(t, "nothing is kept of it", func() bool {
		all, err := h.app.ledger.Previews().Of(t.Context(), "www", 10)
		return err == nil && len(all) == 0 && h.github.Idle()
	})
	if got := h.github.Comments(previewsRepo, 12); len(got) != 21 || len(h.previewRuns()) > 0 {
		t.Errorf("comments: %d, runs: %+v", len(got), h.previewRuns())
	}
	// A label of somebody who may asks for one; a comment with our mark is nobody's to edit.
	h.github.Label(previewsRepo, 12, "ada", "other")
	h.github.Label(previewsRepo, 12, "ada", "preview")
	h.previewRun(t, 1)
	first := h.says(t, 12, "is being built")
	h.github.DropComment(previewsRepo, first.ID)
	h.endPreview(t, h.previewRun(t, 1), "failure")
	if again := h.says(t, 12, "could not be built"); again.ID == first.ID {
		t.Error("a comment that was deleted is edited")
	}
}
