package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// PreviewReport is what a run tells of the preview of a pull request that it made.
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

// ReportPreview tells the app of a preview. It may be repeated.
func (c *Client) ReportPreview(ctx context.Context, in PreviewReport) error {
	return c.do(ctx, call{method: http.MethodPost, path: "/v1/github/previews/reports", body: in, repeatable: true})
}
