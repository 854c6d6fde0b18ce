// Package workflow gives commands to GitHub's runner, which reads them in a job's output
// (docs.github.com: workflow commands for GitHub Actions).
package workflow

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sethvargo/go-githubactions"

	"github.com/pressrun/pressrun/internal/text"
)

// Workflow gives commands to GitHub's runner, and does nothing without one. go-githubactions
// writes outputs with a fixed delimiter, and panics when a file can't be written (its
// SetOutput and issueFileCommand): here every value is one line that can't end its own block,
// and nothing panics.
type Workflow struct {
	// On says that there is a runner of GitHub's.
	On  bool
	env func(string) string
	out io.Writer
	gh  *githubactions.Action

	mu    sync.Mutex
	muted string // the word that ends the mute; "" when there is none
}

// New is the workflow of an environment, whose commands go to out.
func New(env func(string) string, out io.Writer) *Workflow {
	return &Workflow{
		On: env("GITHUB_ACTIONS") == "true", env: env, out: out,
		gh: githubactions.New(githubactions.WithWriter(out), githubactions.WithGetenv(env)),
	}
}

// safely recovers from panics of the library: an output that can't be written must not stop
// a release.
func (w *Workflow) safely(what string, f func()) {
	if !w.On {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(w.out, "pressrun: %s: %s\n", what, Line(fmt.Sprint(r)))
		}
	}()
	f()
}

// delimiter is the text that the library puts around a value.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// Output sets an output of the workflow's step.
func (w *Workflow) Output(name, value string) {
	if w.env("GITHUB_OUTPUT") == "" {
		return
	}
	value = strings.ReplaceAll(text.ShortenBytes(Line(value), 4000), delimiter, "")
	w.safely("set the output "+name, func() { w.gh.SetOutput(name, value) })
}

// Mask keeps a secret out of GitHub's log. During a mute GitHub would print the command with
// the secret instead of obeying it: so Mask ends the mute, masks, and begins another mute in
// one write, without output of the muted command between them.
func (w *Workflow) Mask(secret string) {
	if secret = strings.TrimSpace(secret); secret == "" {
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

// Group folds a step's output; the function that it returns ends it.
func (w *Workflow) Group(title string) func() {
	w.safely("open a group", func() { w.gh.Group(Line(title)) })
	return func() { w.safely("close a group", w.gh.EndGroup) }
}

// Mute keeps GitHub from obeying the output of the site's own commands: titles of the CMS may
// look like workflow commands. The function that it returns ends the mute.
func (w *Workflow) Mute() func() {
	if !w.On {
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

// Warning shows a warning on the run's page.
func (w *Workflow) Warning(words string) {
	w.safely("warn", func() { w.gh.Warningf("%s", Line(words)) })
}

// Summary adds Markdown to the job's summary.
func (w *Workflow) Summary(markdown string) {
	if w.env("GITHUB_STEP_SUMMARY") == "" {
		return
	}
	w.safely("write the job summary", func() { w.gh.AddStepSummary(markdown) })
}

// RunURL is the address of the run's page.
func (w *Workflow) RunURL() string {
	server, repo, id := w.env("GITHUB_SERVER_URL"), w.env("GITHUB_REPOSITORY"), w.env("GITHUB_RUN_ID")
	if server == "" || repo == "" || id == "" {
		return ""
	}
	return server + "/" + repo + "/actions/runs/" + id
}

// RunID is GitHub's number of the run; "" for none.
func (w *Workflow) RunID() string { return w.env("GITHUB_RUN_ID") }

// API is the address of GitHub's API.
func (w *Workflow) API() string { return cmp.Or(w.env("GITHUB_API_URL"), "https://api.github.com") }

// Repository is the run's repository (owner/name); "" for none.
func (w *Workflow) Repository() string { return w.env("GITHUB_REPOSITORY") }

// Commit is the run's commit; "" for none.
func (w *Workflow) Commit() string { return w.env("GITHUB_SHA") }

// Workspace is the folder of the repository; "" for none.
func (w *Workflow) Workspace() string { return w.env("GITHUB_WORKSPACE") }
