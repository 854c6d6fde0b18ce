package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// InProgress reports that the run is about to read content. The app answers with the
// watermark and with the requests that this release serves, which the build finds in the
// file PRESSRUN_REQUESTS_FILE.
type InProgress struct {
	*Run
	AppLimit time.Duration
}

// Name implements Step.
func (InProgress) Name() string { return "in_progress" }

// Do implements Step.
func (r InProgress) Do(ctx context.Context) (Result, error) {
	if r.App == nil {
		return Result{Skipped: "there is no app to tell"}, r.writeRequests(api.ReportResult{})
	}
	doing := "building"
	if to := r.Record.Now().RollbackTo; to != 0 {
		doing = fmt.Sprintf("putting release #%d back", to)
	}
	got, err := r.App.Report(ctx, release.InProgress, doing, r.AppLimit)
	if err != nil {
		return Result{}, reportRefused(err, release.InProgress)
	}
	if err := r.writeRequests(got); err != nil {
		return Result{}, err
	}
	err = r.Record.Change(func(s *state.State) {
		s.Watermark, s.Served = got.Watermark, max(got.RequestsTotal, int64(len(got.Requests)))
		s.Titles = titles(got.Requests)
	})
	return Result{Note: "serves " + text.Count(max(got.RequestsTotal, int64(len(got.Requests))), "request")}, err
}

// Requests is the content of PRESSRUN_REQUESTS_FILE.
type Requests struct {
	Site      string     `json:"site"`
	Release   int64      `json:"release"`
	Watermark *time.Time `json:"watermark,omitempty"`
	// Requests are the newest of those served, at most api.MaxServed; Total is their
	// number. If Total is 0 or larger than the list, a build can't go by the list alone and
	// must build everything.
	Requests []api.Request `json:"requests"`
	Total    int64         `json:"total"`
}

func (r *Run) requestsFile() string {
	return r.Record.Beside(".requests.json")
}

func (r *Run) writeRequests(got api.ReportResult) error {
	s := r.Record.Now()
	doc := Requests{Site: s.Site, Release: s.Release, Watermark: got.Watermark, Requests: got.Requests, Total: got.RequestsTotal}
	if doc.Requests == nil {
		doc.Requests = []api.Request{}
	}
	document, err := json.MarshalIndent(doc, "", "  ")
	if err == nil {
		err = state.Write(r.requestsFile(), append(document, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the served requests for the build: %w", err)
	}
	return nil
}

// titles are the first few titles of requests.
func titles(requests []api.Request) []string {
	var out []string
	for _, r := range requests {
		if r.Title != "" && len(out) < 10 {
			out = append(out, text.ShortenBytes(workflow.Line(r.Title), 200))
		}
	}
	return out
}
