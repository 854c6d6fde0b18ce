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
)

// Figures are what a run measured, and where they go.
type Figures struct {
	options.MetricsFlags
	File    *state.File
	Console *console.Console
	App     *report.App // nil when there is none
}

// Leave writes the figures of the run as far as it has come, and gives
// them to the app. It says what did not work, "" when all did.
func (f Figures) Leave(ctx context.Context, limit time.Duration) string {
	s := f.File.Now()
	figures := metrics(s)
	for i := range figures.Steps {
		figures.Steps[i].Note = f.Console.Hide(figures.Steps[i].Note)
	}
	var notes []string
	text, err := json.MarshalIndent(figures, "", "  ")
	if err == nil {
		err = state.Write(f.Path(), append(text, '\n'))
	}
	if err != nil {
		notes = append(notes, fmt.Sprintf("the file could not be written: %v", err))
	}
	if f.App != nil && s.Session != "" {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		err := f.App.PutMetrics(ctx, figures)
		if err != nil {
			notes = append(notes, fmt.Sprintf("the app could not be given them: %v", err))
		}
	}
	return strings.Join(notes, "; ")
}

// Path is the file of the figures.
func (f Figures) Path() string {
	if f.MetricsFile != "" {
		return f.MetricsFile
	}
	return f.File.Beside(".metrics.json")
}

// metrics are the figures of a run as far as it has come.
func metrics(s state.State) api.Metrics {
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
