package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// PreviewInput asks for a preview of a branch, a tag or a pull request.
type PreviewInput struct {
	Ref     string `json:"ref" maxLength:"200" doc:"a branch, a tag, or the number of a pull request"`
	Content string `json:"content,omitempty" enum:"last,live,drafts" doc:"what it is built with, if the configuration lets people choose it"`
	Name    string `json:"name,omitempty" maxLength:"63" doc:"another name than the one that is made of the branch"`
	Days    int    `json:"days,omitempty" minimum:"1" maximum:"90" doc:"how long it stays after each build"`
}

// PreviewLife gives a preview more time.
type PreviewLife struct {
	Days int `json:"days" minimum:"1" maximum:"90" doc:"from now on"`
}

// Preview is a preview of a pull request, a branch or a tag.
type Preview struct {
	Name        string `json:"name"`
	PullRequest int64  `json:"pull_request,omitempty" doc:"its number; left out for a branch or a tag"`
	Branch      string `json:"branch,omitempty"`
	State       string `json:"state" enum:"waiting,building,ready,failed,removing,gone"`
	Address     string `json:"address,omitempty" doc:"where it is looked at, when there is something to look at"`
	Commit      string `json:"commit,omitempty" doc:"that it shows"`
	Content     string `json:"content" enum:"last,live,drafts"`
	// Expires is when it is removed; left out where there is nothing to look at.
	Expires *time.Time `json:"expires,omitempty"`
	By      string     `json:"by,omitempty" doc:"who asked for it last"`
	RunURL  string     `json:"run_url,omitempty" doc:"the run that is under way"`
	Why     string     `json:"why,omitempty" doc:"why it waits, failed or went"`
}

// PreviewReport is a run's report of the preview of a pull request that it made.
type PreviewReport struct {
	Site        string `json:"site"`
	PullRequest int64  `json:"pull_request"`
	// Token is the one that the run was dispatched with.
	Token   string    `json:"token"`
	Address string    `json:"address,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	Files   int       `json:"files,omitempty"`
	// Differences are those of `pressrun preview create --compare --json`.
	Differences json.RawMessage `json:"differences,omitempty"`
}

// ReportPreview reports a preview to the app. It may be repeated.
func (c *Client) ReportPreview(ctx context.Context, in PreviewReport) error {
	return c.do(ctx, call{method: http.MethodPost, path: "/v1/github/previews/reports", body: in, repeatable: true})
}
