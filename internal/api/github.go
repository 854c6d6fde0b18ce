package api

import "context"

// GitHubCheck is one thing that must be as it must be for releases to run on
// GitHub, and what to do when it is not.
type GitHubCheck struct {
	Site string `json:"site,omitempty"`
	Name string `json:"name"`
	// Result is ok, failed, or unknown: it could not be looked at.
	Result string `json:"result"`
	Detail string `json:"detail,omitempty"`
	Do     string `json:"do,omitempty"`
}

// GitHubChecks has the app look whether all is well between it and GitHub.
// An app without sites on GitHub answers 404.
func (c *Client) GitHubChecks(ctx context.Context) ([]GitHubCheck, error) {
	var out struct {
		Checks []GitHubCheck `json:"checks"`
	}
	err := c.get(ctx, "/v1/github/checks", nil, &out)
	return out.Checks, err
}
