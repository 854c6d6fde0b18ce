package publish

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/text"
)

// printPublished prints the report of a release. A pending invalidation of the CDN is an
// error with a code of its own, and no failure of the release.
func printPublished(p *terminal.Printer, r publish.Report) error {
	if err := printReport(p, r); err != nil {
		return unprinted(r.Result, err)
	}
	if r.EdgePending() {
		return exit.With(exit.CDNPending, r.CDN.Pending())
	}
	return nil
}

// unprinted keeps an output that could not be written from being taken for a
// release that failed.
func unprinted(r deploy.Result, err error) error {
	if !r.Live || r.DryRun {
		return err
	}
	return fmt.Errorf("release %d is live, but what was done could not be printed: %w", r.Release, err)
}

// document is the report of a release for --json.
func document(r publish.Report) any {
	switch {
	case r.Forecast != nil:
		return struct {
			deploy.Result
			CDN *cdn.Decision `json:"cdn"`
		}{r.Result, r.Forecast}
	case r.CDN != nil:
		return struct {
			deploy.Result
			CDN *cdn.Report `json:"cdn"`
		}{r.Result, &r.CDN.Report}
	}
	return r.Result
}

// printReport prints what was done, or would be.
func printReport(p *terminal.Printer, r publish.Report) error {
	if p.JSON {
		return p.Document(document(r))
	}
	if _, err := fmt.Fprintln(p.Out, text.OneLine(headline(r.Result))); err != nil {
		return err
	}
	var rows terminal.Fields
	addFiles(&rows, r.Result)
	addCost(&rows, r.Result)
	addRemarks(&rows, r.Result)
	switch {
	case r.Forecast != nil:
		rows.Add("at the CDN", r.Forecast.String())
	case r.CDN != nil:
		rows.Add("at the CDN", r.CDN.String())
	}
	return p.Fields(rows)
}

// headline is the result of a deploy in a line.
func headline(r deploy.Result) string {
	switch {
	case r.DryRun:
		return fmt.Sprintf("dry run: release %d would go to %s", r.Release, r.Destination)
	case r.AlreadyLive:
		return fmt.Sprintf("release %d is live at %s already, nothing was done", r.Release, r.Destination)
	}
	return fmt.Sprintf("release %d is live at %s", r.Release, r.Destination)
}

// addFiles adds the numbers of files sent, deleted and kept.
func addFiles(rows *terminal.Fields, r deploy.Result) {
	inPast := func(done, planned string) string {
		if r.DryRun {
			return planned
		}
		return done
	}
	if written := r.Counts.New + r.Counts.Content; written > 0 && r.Uploaded == 0 { // rollback, commit
		rows.Add(inPast("copied", "to copy"), fmt.Sprintf("%s within the store (%d new, %d changed)", text.Count(written, "file"), r.Counts.New, r.Counts.Content))
	} else {
		rows.Add(inPast("sent", "to send"), fmt.Sprintf("%s, %s (%d new, %d changed)", text.Count(r.Uploaded, "file"), text.Bytes(r.UploadedBytes), r.Counts.New, r.Counts.Content))
	}
	if z := r.Compressed; z != nil {
		rows.Add("compressed", fmt.Sprintf("%s, %s as %s", text.Count(z.Files, "file"), text.Bytes(z.Built), text.Bytes(z.Stored)))
	}
	for _, row := range []struct {
		name string
		n    int
	}{
		{"headers only", r.Counts.Headers},
		{inPast("deleted", "to delete"), r.Deleted},
		{"kept for a while", r.Counts.Retired},
		{"unchanged", r.Counts.Unchanged},
	} {
		if row.n > 0 {
			rows.Add(row.name, text.Number(row.n))
		}
	}
	if s := r.Redirects; s != nil && !s.Empty() {
		rows.Add("redirect store", fmt.Sprintf("%d put, %d deleted", len(s.Put), len(s.Delete)))
	}
}

// addCost adds the cost of a deploy, or its forecast.
func addCost(rows *terminal.Fields, r deploy.Result) {
	if !r.DryRun {
		rows.Add("requests", fmt.Sprint(r.Requests))
		rows.Add("took", text.Took(time.Duration(r.Seconds*float64(time.Second))))
		return
	}
	forecast := fmt.Sprintf("about %d", r.Forecast.Requests)
	if strings.HasPrefix(r.Destination, "s3://") {
		forecast += fmt.Sprintf(", for %s on S3", text.Dollars(r.Forecast.Dollars))
	}
	rows.Add("requests", forecast)
}

// addRemarks adds the dead links, guards let pass, notes and warnings of a release.
func addRemarks(rows *terminal.Fields, r deploy.Result) {
	if l := r.LostLinks; l != nil {
		rows.Add("dead links", fmt.Sprintf("%s: %s", l, strings.Join(l.Examples[:min(len(l.Examples), 3)], ", ")))
	}
	for _, v := range r.Violations {
		rows.Add("let pass", v.Name+": "+v.Detail)
	}
	for _, n := range r.Notes {
		rows.Add("note", n)
	}
	for _, w := range r.Warnings {
		rows.Add("warning", w)
	}
}

// deployError gives the error of a release that is not live its exit code.
func deployError(err error) error {
	if errors.Is(err, history.ErrNoRelease) {
		return exit.With(exit.NotFound, err)
	}
	if _, ok := errors.AsType[*guard.Error](err); ok {
		return exit.With(exit.Refused, err)
	}
	if _, ok := errors.AsType[*manifest.LockedError](err); ok || errors.Is(err, manifest.ErrLeaseLost) || errors.Is(err, engine.ErrPlanMoved) || errors.Is(err, engine.ErrShardMissing) {
		return exit.With(exit.Conflict, err)
	}
	return err
}
