// Package summary has the results of a run: its figures, its result as JSON and as outputs
// of a workflow, and the job's summary.
package summary

import (
	"strconv"

	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
)

// Summary is the result of a run as --json prints it.
type Summary struct {
	Site    string        `json:"site,omitempty"`
	Release int64         `json:"release,omitempty"`
	Run     api.Run       `json:"run"`
	Outcome state.Outcome `json:"outcome"`
	Live    bool          `json:"live"`
	Why     string        `json:"why,omitempty"`
	Fault   string        `json:"fault,omitempty"`
	// Pending are the states that could not be reported to the app.
	Pending []string `json:"pending,omitempty"`
	// Unsent says which systems did not take the run's figures, and why.
	Unsent []string `json:"figures_unsent,omitempty"`
	Served int64    `json:"served"`
	// Content is the copy of the CMS's content that the build read.
	Content *state.Content `json:"content,omitempty"`
	URL     string         `json:"url,omitempty"`
	Metrics api.Metrics    `json:"metrics"`
}

// Of sums up a run so far. url is the site's public address.
func Of(s state.State, url string, hide func(string) string) Summary {
	return Summary{
		Site: s.Site, Release: s.Number(), Run: s.Run, Outcome: s.Outcome, Live: s.Live, Why: hide(s.Why), Fault: string(s.Fault),
		Pending: s.Pending, Unsent: s.Unsent, Served: s.Served, Content: s.Content, URL: url, Metrics: metrics(s),
	}
}

// cdnState is the state of the CDN; "" for none.
func cdnState(e *api.Edge) string {
	if e == nil {
		return ""
	}
	return e.State
}

// Output gives the result to GitHub as outputs, for later steps.
func (r Summary) Output(w *workflow.Workflow, metricsFile, stateFile string) {
	m := r.Metrics
	for _, o := range []struct{ name, value string }{
		{"outcome", string(r.Outcome)},
		{"live", strconv.FormatBool(r.Live)},
		{"release", strconv.FormatInt(r.Release, 10)},
		{"why", r.Why},
		{"url", r.URL},
		{"served", strconv.FormatInt(r.Served, 10)},
		{"pages", strconv.FormatInt(m.Pages, 10)},
		{"files", strconv.FormatInt(m.Files, 10)},
		{"bytes", strconv.FormatInt(m.Bytes, 10)},
		{"uploaded", strconv.FormatInt(m.Uploaded, 10)},
		{"deleted", strconv.FormatInt(m.Deleted, 10)},
		{"unchanged", strconv.FormatInt(m.Unchanged, 10)},
		{"edge", cdnState(m.Edge)},
		{"metrics-file", metricsFile},
		{"state-file", stateFile},
	} {
		w.Output(o.name, o.value)
	}
}
