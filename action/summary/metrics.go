package summary

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/report"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/figures"
)

// Figures are the figures of a run, and their targets.
type Figures struct {
	options.MetricsFlags
	File    *state.File
	Console *console.Console
	App     *report.App // nil when there is none
	// Targets are the other systems that get the figures; Environment is the environment to
	// which the site is deployed.
	Targets     figures.Targets
	Environment string
}

// Leave writes the figures of the run so far, and gives them to the app and the targets. It
// gives the errors as words, "" for none.
func (f Figures) Leave(ctx context.Context, limit time.Duration) string {
	s := f.File.Now()
	measures := metrics(s)
	for i := range measures.Steps {
		measures.Steps[i].Note = f.Console.Hide(measures.Steps[i].Note)
	}
	var notes []string
	text, err := json.MarshalIndent(measures, "", "  ")
	if err == nil {
		err = state.Write(f.Path(), append(text, '\n'))
	}
	if err != nil {
		notes = append(notes, fmt.Sprintf("the file could not be written: %v", err))
	}
	if f.App != nil && s.Session != "" {
		toApp, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		err := f.App.PutMetrics(toApp, measures)
		if err != nil {
			notes = append(notes, fmt.Sprintf("the app could not be given them: %v", err))
		}
	}
	if trouble := f.send(ctx, limit); trouble != "" {
		notes = append(notes, trouble)
	}
	return strings.Join(notes, "; ")
}

// send sends the figures to the targets, and records which of them did not take them.
func (f Figures) send(ctx context.Context, limit time.Duration) string {
	unsent := f.Targets.Send(ctx, measured(f.File.Now(), f.Environment, time.Now()), min(limit, f.MetricsLimit))
	for i := range unsent {
		unsent[i] = f.Console.Hide(unsent[i])
		f.Console.Say("the figures were not sent: %s", unsent[i])
	}
	if err := f.File.Change(func(s *state.State) { s.Unsent = unsent }); err != nil {
		f.Console.Say("%v", err)
	}
	return strings.Join(unsent, "; ")
}

// Path is the file of the figures.
func (f Figures) Path() string {
	if f.MetricsFile != "" {
		return f.MetricsFile
	}
	return f.File.Beside(".metrics.json")
}

// metrics are the figures of a run so far, for the app.
func metrics(s state.State) api.Metrics {
	m := api.Metrics{Steps: slices.Clone(s.Steps), Edge: s.Edge, Baked: s.Baked}
	if b := s.Built; b != nil {
		m.Files, m.Pages, m.Bytes = b.Files, b.Pages, b.Bytes
	}
	if d := s.Deploy; d != nil {
		m.Uploaded, m.UploadedBytes, m.HeadersOnly = d.Uploaded, d.UploadedBytes, d.HeadersOnly
		m.Deleted, m.Unchanged, m.Changed, m.Commit = d.Deleted, d.Unchanged, d.Changed, d.Commit
	}
	return m
}

// measured are the figures of a run for the targets.
func measured(s state.State, environment string, now time.Time) figures.Set {
	set := figures.Set{Site: s.Site, Environment: environment, Outcome: string(outcome(s)), At: now}
	if len(s.Steps) > 0 {
		set.Add("duration", now.Sub(s.Steps[0].StartedAt).Seconds())
	}
	for _, step := range s.Steps {
		if step.Result != "skipped" {
			set.AddStep(step.Name, step.Seconds)
		}
	}
	set.Add("succeeded", yes(s.Live))
	set.Add("requests_served", float64(s.Served))
	if b := s.Built; b != nil {
		set.Add("pages", float64(b.Pages))
		set.Add("files", float64(b.Files))
		set.Add("size", float64(b.Bytes))
	}
	if d := s.Deploy; d != nil {
		set.Add("files_uploaded", float64(d.Uploaded))
		set.Add("size_uploaded", float64(d.UploadedBytes))
		set.Add("files_deleted", float64(d.Deleted))
		set.Add("files_unchanged", float64(d.Unchanged))
	}
	if e := s.Edge; e != nil {
		set.Add("cdn_duration", e.Seconds)
		set.Add("cdn_purged", float64(e.Purged))
		set.Add("cdn_pending", yes(e.State == api.EdgePending))
	}
	since(&set, s, now)
	return set
}

// since adds the figures that count from the last success.
func since(set *figures.Set, s state.State, now time.Time) {
	if s.Attempts > 0 {
		set.Add("attempts", float64(s.Attempts))
	}
	at := now
	if s.Deploy != nil && !s.Deploy.At.IsZero() {
		at = s.Deploy.At
	}
	if s.Live {
		set.Add("since_last_success", max(0, now.Sub(at).Seconds()))
		set.Add("last_success_timestamp", float64(at.UnixMilli())/1000)
	}
	switch {
	case s.LastLive == nil:
	case s.Live:
		set.Add("interval", max(0, at.Sub(*s.LastLive).Seconds()))
	default:
		set.Add("since_last_success", max(0, now.Sub(*s.LastLive).Seconds()))
	}
}

// outcome is the outcome of a run, or that to which it comes if nothing fails.
func outcome(s state.State) state.Outcome {
	switch {
	case s.Outcome != "":
		return s.Outcome
	case s.Live && s.EdgePending():
		return state.OutcomeEdgePending
	case s.Live:
		return state.OutcomeLive
	}
	return state.OutcomeDone
}

func yes(so bool) float64 {
	if so {
		return 1
	}
	return 0
}
