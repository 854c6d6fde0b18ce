package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

func sitePath(site string, more ...string) string {
	path := "/v1/sites/" + url.PathEscape(site)
	for _, m := range more {
		path += "/" + m
	}
	return path
}

func releasePath(site string, number int64, more ...string) string {
	return sitePath(site, append([]string{"releases", strconv.FormatInt(number, 10)}, more...)...)
}

// Ask asks for a release. The same key is the same request, however often it
// is sent; with no key the call is made only once.
func (c *Client) Ask(ctx context.Context, site, key string, in RequestInput) (AskResult, error) {
	var out AskResult
	err := c.do(ctx, call{
		method: http.MethodPost, path: sitePath(site, "requests"), key: key,
		body: in, answer: &out, repeatable: key != "",
	})
	return out, err
}

// Request reads a request, with its outcome so far.
func (c *Client) Request(ctx context.Context, id string) (Request, error) {
	var out Request
	return out, c.get(ctx, "/v1/requests/"+url.PathEscape(id), nil, &out)
}

// MoveInput is the new time of a scheduled request.
type MoveInput struct {
	NotBefore time.Time `json:"not_before" doc:"it goes out then; at once if that has come"`
}

// MoveRequest moves a scheduled request to another time.
func (c *Client) MoveRequest(ctx context.Context, id string, to time.Time) (Request, error) {
	var out Request
	return out, c.do(ctx, call{method: http.MethodPatch, path: "/v1/requests/" + url.PathEscape(id), body: MoveInput{NotBefore: to}, answer: &out, repeatable: true})
}

// WithdrawRequest takes a scheduled request back.
func (c *Client) WithdrawRequest(ctx context.Context, id string) (Request, error) {
	var out Request
	return out, c.do(ctx, call{method: http.MethodDelete, path: "/v1/requests/" + url.PathEscape(id), answer: &out, repeatable: true})
}

// Sites lists the sites that the token may see.
func (c *Client) Sites(ctx context.Context) ([]Site, error) {
	var out struct {
		Sites []Site `json:"sites"`
	}
	err := c.get(ctx, "/v1/sites", nil, &out)
	return out.Sites, err
}

// Site reads the state of a site.
func (c *Client) Site(ctx context.Context, site string) (Site, error) {
	var out Site
	return out, c.get(ctx, sitePath(site), nil, &out)
}

// Releases lists a site's releases, newest first: at most limit (0: 20), and
// only those numbered below before (0: all).
func (c *Client) Releases(ctx context.Context, site string, limit int, before int64) ([]Release, error) {
	var out struct {
		Releases []Release `json:"releases"`
	}
	query := url.Values{}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if before > 0 {
		query.Set("before", strconv.FormatInt(before, 10))
	}
	err := c.get(ctx, sitePath(site, "releases"), query, &out)
	return out.Releases, err
}

// ReleaseDetail is a release with the newest of the requests it serves.
type ReleaseDetail struct {
	Release
	Served []Request `json:"served,omitempty"`
	Events []Event   `json:"events,omitempty"`
}

// Release reads one release with its requests and events.
func (c *Client) Release(ctx context.Context, site string, number int64) (ReleaseDetail, error) {
	var out ReleaseDetail
	return out, c.get(ctx, releasePath(site, number), nil, &out)
}

// Log opens the output of a release's run. The caller closes it.
func (c *Client) Log(ctx context.Context, site string, number int64) (io.ReadCloser, error) {
	resp, err := c.send(ctx, call{method: http.MethodGet, path: releasePath(site, number, "log"), repeatable: true})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func (c *Client) get(ctx context.Context, path string, query url.Values, answer any) error {
	return c.do(ctx, call{method: http.MethodGet, path: path, query: query, answer: answer, repeatable: true})
}

// Claim takes a release for a run. Refusals are Problems with a release.Code.
func (c *Client) Claim(ctx context.Context, site string, in ClaimInput) (ClaimResult, error) {
	var out ClaimResult
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "claims"), body: in, answer: &out, repeatable: true})
}

// Report says that the run entered a state. It may be repeated: the sequence keeps it
// from counting twice.
func (c *Client) Report(ctx context.Context, site string, number int64, in ReportInput) (ReportResult, error) {
	var out ReportResult
	return out, c.do(ctx, call{method: http.MethodPost, path: releasePath(site, number, "reports"), body: in, answer: &out, repeatable: true})
}

// ContentRead says which content the run has read. It may be repeated, like a report.
func (c *Client) ContentRead(ctx context.Context, site string, number int64, in ContentInput) (ContentResult, error) {
	var out ContentResult
	return out, c.do(ctx, call{method: http.MethodPost, path: releasePath(site, number, "content"), body: in, answer: &out, repeatable: true})
}

// Heartbeat says that the run lives.
func (c *Client) Heartbeat(ctx context.Context, site string, number int64, in HeartbeatInput) error {
	return c.do(ctx, call{method: http.MethodPost, path: releasePath(site, number, "heartbeats"), body: in})
}

// Fail says that the run failed.
func (c *Client) Fail(ctx context.Context, site string, number int64, in FailureInput) error {
	return c.do(ctx, call{method: http.MethodPost, path: releasePath(site, number, "failure"), body: in, repeatable: true})
}

// PutMetrics stores the run's metrics.
func (c *Client) PutMetrics(ctx context.Context, site string, number int64, in Metrics) error {
	return c.do(ctx, call{method: http.MethodPut, path: releasePath(site, number, "metrics"), body: in, repeatable: true})
}

// Act carries out an operator's act: pause, resume, cancel, reset or retry.
// The answer is the site afterwards.
func (c *Client) Act(ctx context.Context, site, act string, in ActInput) (Site, error) {
	var out Site
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, act), body: in, answer: &out})
}

// Allow retries a release that guards stopped, and lets the named guards pass in the new
// release only.
func (c *Client) Allow(ctx context.Context, site string, in AllowInput) (Site, error) {
	var out Site
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "allow"), body: in, answer: &out})
}

// Rollback puts an earlier release back; the site is held afterwards.
func (c *Client) Rollback(ctx context.Context, site string, in RollbackInput) (Site, error) {
	var out Site
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "rollback"), body: in, answer: &out})
}

// Freeze adds a window in which nothing is dispatched; Thaw removes it.
func (c *Client) Freeze(ctx context.Context, site string, in FreezeInput) (Site, error) {
	var out Site
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "freezes"), body: in, answer: &out})
}

// Thaw removes a freeze by its id.
func (c *Client) Thaw(ctx context.Context, site, id string) (Site, error) {
	var out Site
	return out, c.do(ctx, call{method: http.MethodDelete, path: sitePath(site, "freezes", url.PathEscape(id)), answer: &out})
}
