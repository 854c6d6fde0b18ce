package github

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/runner"
)

// PreviewReportPath is the path to which a run reports the preview that it made.
const PreviewReportPath = "/v1/github/previews/reports"

const (
	// maxReport bounds a report, in bytes: 200 pages with long names.
	maxReport = 1 << 20
	// reportLimit is how long a report may take to arrive.
	reportLimit = 30 * time.Second
)

// route takes the reports of runs, which GitHub's OIDC tokens identify.
func (p *previewing) route() runner.Route {
	return runner.Route{
		Pattern: "POST " + PreviewReportPath, Handler: http.HandlerFunc(p.take), Unguarded: true,
		Call: &runner.Call{
			ID: "githubPreviewReport", Tag: "runs", Summary: "What a run tells of the preview of a pull request that it made, with GitHub's token of it",
			Status: http.StatusNoContent,
		},
	}
}

// take takes a report of the current run of a preview, and of no other.
func (p *previewing) take(w http.ResponseWriter, r *http.Request) {
	link := p.connection.link.Load()
	bearer, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if link == nil || !is {
		refuse(w, http.StatusUnauthorized, "a run shows by GitHub's token who it is: give its job the permission id-token: write")
		return
	}
	who, err := link.identities.CheckPreview(r.Context(), bearer)
	if refused, ok := errors.AsType[*githubapp.ErrIdentity](err); ok {
		p.log.Warn("the token of a preview's run was refused", "why", refused.Why)
		refuse(w, http.StatusUnauthorized, refused.Why)
		return
	}
	if err != nil {
		p.log.Error("the token of a preview's run can't be checked", "error", err)
		refuse(w, http.StatusServiceUnavailable, "GitHub can't be asked about this run now; try again in a moment")
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(reportLimit)) // a test's recorder has none
	var in struct {
		Site        string `json:"site"`
		PullRequest int64  `json:"pull_request"`
		Token       string `json:"token"`
		pull.Report
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReport)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "the report can't be read: expected what `pressrun preview report` sends, of 1 MiB at most")
		return
	}
	if !slices.Contains(who.Sites, in.Site) {
		refuse(w, http.StatusForbidden, "this run makes no previews of that site")
		return
	}
	taken := false
	err = p.store.Change(r.Context(), in.Site, in.PullRequest, func(s *pull.State) bool {
		taken = s.Run != nil && s.Run.Kind == pull.Create && s.Run.Token == in.Token && (s.Run.ID == "" || s.Run.ID == who.Run.ID)
		if taken {
			*s = pull.Step(*s, pull.Reported{ID: who.Run.ID, Token: in.Token, Report: in.Bounded()}, ledger.Now())
		}
		return taken
	})
	switch {
	case err != nil:
		p.log.Error("a preview's report can't be stored", "error", err)
		refuse(w, http.StatusServiceUnavailable, "the report can't be kept now; send it again")
	case !taken:
		refuse(w, http.StatusConflict, "the app waits for no report of this run: a newer one was asked for")
	default:
		p.wake()
		w.WriteHeader(http.StatusNoContent)
	}
}

// refuse answers as the API does.
func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem.New(status, problem.CodeOf(status), why)) // the caller may have gone
}
