package action

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// inProgress says that content is about to be read. The app answers with the
// watermark and with the requests that this release serves, which the build
// finds in the file PRESSRUN_REQUESTS_FILE.
type inProgress struct{}

func (inProgress) Name() string { return "in_progress" }

// Requests is the content of PRESSRUN_REQUESTS_FILE.
type Requests struct {
	Site      string     `json:"site"`
	Release   int64      `json:"release"`
	Watermark *time.Time `json:"watermark,omitempty"`
	// Requests are the newest of those served, at most api.MaxServed; Total
	// is how many there are. All of them is what a build can't leave out when
	// Total is 0 or more than it is given.
	Requests []api.Request `json:"requests"`
	Total    int64         `json:"total"`
}

func (inProgress) Do(ctx context.Context, j *job) (Result, error) {
	if j.app == nil {
		return Result{Skipped: "there is no app to tell"}, j.writeRequests(api.ReportResult{})
	}
	got, err := j.app.report(ctx, release.InProgress, "building", j.opts.AppLimit)
	if err != nil {
		return Result{}, notTold(err, release.InProgress)
	}
	if err := j.writeRequests(got); err != nil {
		return Result{}, err
	}
	err = j.change(func(s *State) {
		s.Watermark, s.Served = got.Watermark, max(got.RequestsTotal, int64(len(got.Requests)))
		s.Titles = titles(got.Requests)
	})
	return Result{Note: "serves " + counted(max(got.RequestsTotal, int64(len(got.Requests))), "request")}, err
}

func (j *job) requestsFile() string {
	return strings.TrimSuffix(j.statePath, filepath.Ext(j.statePath)) + ".requests.json"
}

func (j *job) writeRequests(got api.ReportResult) error {
	s := j.now()
	doc := Requests{Site: s.Site, Release: s.Release, Watermark: got.Watermark, Requests: got.Requests, Total: got.RequestsTotal}
	if doc.Requests == nil {
		doc.Requests = []api.Request{}
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err == nil {
		err = writeFile(j.requestsFile(), append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the served requests for the build: %w", err)
	}
	return nil
}

// titles are the first few titles that people will know.
func titles(requests []api.Request) []string {
	var out []string
	for _, r := range requests {
		if r.Title != "" && len(out) < 10 {
			out = append(out, cut(oneLine(r.Title), 200))
		}
	}
	return out
}
