package action

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
)

// metrics leaves what the run measured: as a file, with the app, and with
// GitHub. Figures never fail a release that is live.
type metrics struct{}

func (metrics) Name() string { return "metrics" }

func (metrics) Do(ctx context.Context, j *job) (Result, error) {
	note := j.leaveMetrics(ctx, 30*time.Second)
	if note == "" {
		note = j.metricsFile()
	}
	return done(note)
}

// leaveMetrics writes the figures of the run as far as it has come, and gives
// them to the app. It says what did not work, "" when all did.
func (j *job) leaveMetrics(ctx context.Context, limit time.Duration) string {
	s := j.now()
	figures := s.metrics()
	for i := range figures.Steps {
		figures.Steps[i].Note = j.hide(figures.Steps[i].Note)
	}
	var notes []string
	text, err := json.MarshalIndent(figures, "", "  ")
	if err == nil {
		err = writeFile(j.metricsFile(), append(text, '\n'))
	}
	if err != nil {
		notes = append(notes, fmt.Sprintf("the file could not be written: %v", err))
	}
	if j.app != nil && s.Session != "" {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		err := j.app.inSession(ctx, func(client *api.Client, s State) error {
			return client.PutMetrics(ctx, s.Site, s.Release, figures)
		})
		if err != nil {
			notes = append(notes, fmt.Sprintf("the app could not be given them: %v", err))
		}
	}
	return strings.Join(notes, "; ")
}

func (j *job) metricsFile() string {
	if j.opts.MetricsFile != "" {
		return j.opts.MetricsFile
	}
	return strings.TrimSuffix(j.statePath, filepath.Ext(j.statePath)) + ".metrics.json"
}

// metrics are the figures of a run as far as it has come.
func (s State) metrics() api.Metrics {
	m := api.Metrics{Steps: slices.Clone(s.Steps), Edge: s.Edge}
	if b := s.Built; b != nil {
		m.Files, m.Pages, m.Bytes = b.Files, b.Pages, b.Bytes
	}
	if d := s.Deploy; d != nil {
		m.Uploaded, m.UploadedBytes, m.HeadersOnly = d.Uploaded, d.UploadedBytes, d.HeadersOnly
		m.Deleted, m.Unchanged, m.Changed, m.Commit = d.Deleted, d.Unchanged, d.Changed, d.Commit
	}
	return m
}

// Summary is the result of a run as --json prints it.
type Summary struct {
	Site    string  `json:"site,omitempty"`
	Release int64   `json:"release,omitempty"`
	Run     api.Run `json:"run"`
	Outcome Outcome `json:"outcome"`
	Live    bool    `json:"live"`
	Why     string  `json:"why,omitempty"`
	Fault   string  `json:"fault,omitempty"`
	// Pending are states that the app could not be told of.
	Pending []string    `json:"pending,omitempty"`
	Served  int64       `json:"served"`
	URL     string      `json:"url,omitempty"`
	Metrics api.Metrics `json:"metrics"`
}

func (j *job) summary() Summary {
	s := j.now()
	return Summary{
		Site: s.Site, Release: s.number(), Run: s.Run, Outcome: s.Outcome, Live: s.Live, Why: j.hide(s.Why), Fault: string(s.Fault),
		Pending: s.Pending, Served: s.Served, URL: j.opts.PublicURL, Metrics: s.metrics(),
	}
}

// edgeState is what became of the CDN; "" when there is none.
func edgeState(e *api.Edge) string {
	if e == nil {
		return ""
	}
	return e.State
}

// number is the release's number, given by the app or else by the deploy.
func (s State) number() int64 {
	if s.Release == 0 && s.Deploy != nil {
		return s.Deploy.Release
	}
	return s.Release
}

// publish gives the result to GitHub: outputs for the steps after this one,
// and the job's summary.
func (j *job) publish(withSummary bool) {
	r := j.summary()
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
		{"edge", edgeState(m.Edge)},
		{"metrics-file", j.metricsFile()},
		{"state-file", j.statePath},
	} {
		j.gh.output(o.name, o.value)
	}
	if withSummary {
		j.gh.summary(j.markdown(r))
	}
}
