package api

import "context"

// GitHubCheck is the result of a check of the set-up for releases on GitHub, and what to
// do if it failed.
type GitHubCheck struct {
	Site string `json:"site,omitempty"`
	Name string `json:"name"`
	// Result is ok, failed, or unknown if it could not be checked.
	Result string `json:"result"`
	Detail string `json:"detail,omitempty"`
	Do     string `json:"do,omitempty"`
}

// GitHubChecks has the app check its set-up at GitHub. An app without sites on GitHub
// answers 404.
func (c *Client) GitHubChecks(ctx context.Context) ([]GitHubCheck, error) {
	var out struct {
		Checks []GitHubCheck `json:"checks"`
	}
	err := c.get(ctx, "/v1/github/checks", nil, &out)
	return out.Checks, err
}
