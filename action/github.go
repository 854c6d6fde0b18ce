package action

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sethvargo/go-githubactions"
)

// workflow speaks to GitHub's runner when there is one, and to nobody
// otherwise. go-githubactions writes outputs with a fixed delimiter, and
// panics when a file can't be written (research: github.md 4): here every
// value is one line that can't end its own block, and nothing panics.
type workflow struct {
	on  bool
	env environment
	out io.Writer
	gh  *githubactions.Action

	mu    sync.Mutex
	muted string // the word that ends the mute; "" when there is none
}

func newWorkflow(env environment, out io.Writer) *workflow {
	return &workflow{
		on: env.get("GITHUB_ACTIONS") == "true", env: env, out: out,
		gh: githubactions.New(githubactions.WithWriter(out), githubactions.WithGetenv(env.get)),
	}
}

// safely does what may panic in the library: an output that can't be written
// must not stop a release.
func (w *workflow) safely(what string, f func()) {
	if !w.on {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(w.out, "pressrun: %s: %s\n", what, oneLine(fmt.Sprint(r)))
		}
	}()
	f()
}

// delimiter is what the library puts around a value.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// output sets an output of the workflow's step.
func (w *workflow) output(name, value string) {
	if w.env.get("GITHUB_OUTPUT") == "" {
		return
	}
	value = strings.ReplaceAll(cut(oneLine(value), 4000), delimiter, "")
	w.safely("set the output "+name, func() { w.gh.SetOutput(name, value) })
}

// mask keeps a secret out of GitHub's log. GitHub shows what it does not obey:
// during a mute the secret has to come between a go and another stop, with
// nothing of the muted command's between them.
func (w *workflow) mask(secret string) {
	if secret = oneLine(secret); secret == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.muted == "" {
		w.safely("mask a secret", func() { w.gh.AddMask(secret) })
		return
	}
	next := strings.ToLower(rand.Text())
	fmt.Fprintf(w.out, "\n::%s::\n::add-mask::%s\n::stop-commands::%s\n", w.muted, escapeData(secret), next)
	w.muted = next
}

// group folds a step's output; the function that it returns ends it.
func (w *workflow) group(title string) func() {
	w.safely("open a group", func() { w.gh.Group(oneLine(title)) })
	return func() { w.safely("close a group", w.gh.EndGroup) }
}

// mute keeps GitHub from obeying what the site's own commands print: titles of
// the CMS may look like workflow commands. The function that it returns ends
// it.
func (w *workflow) mute() func() {
	if !w.on {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.muted = strings.ToLower(rand.Text())
	fmt.Fprintf(w.out, "::stop-commands::%s\n", w.muted)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		fmt.Fprintf(w.out, "\n::%s::\n", w.muted)
		w.muted = ""
	}
}

func (w *workflow) warning(text string) {
	w.safely("warn", func() { w.gh.Warningf("%s", oneLine(text)) })
}

// summary adds Markdown to the job's summary.
func (w *workflow) summary(markdown string) {
	if w.env.get("GITHUB_STEP_SUMMARY") == "" {
		return
	}
	w.safely("write the job summary", func() { w.gh.AddStepSummary(markdown) })
}

// runURL is where people see the run.
func (w *workflow) runURL() string {
	server, repo, id := w.env.get("GITHUB_SERVER_URL"), w.env.get("GITHUB_REPOSITORY"), w.env.get("GITHUB_RUN_ID")
	if server == "" || repo == "" || id == "" {
		return ""
	}
	return server + "/" + repo + "/actions/runs/" + id
}
