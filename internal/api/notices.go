package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Notice is a message about a site for a target.
type Notice struct {
	ID      string `json:"id" doc:"the same at every try: the receiver knows a repeated one by it"`
	Target  string `json:"target"`
	Type    string `json:"type"`
	Release int64  `json:"release,omitempty"`
	Request string `json:"request,omitempty"`
	State   string `json:"state" doc:"waiting, delivered or undelivered (given up after a day)"`
	// Tries counts the tries since it was last put in line.
	Tries   int    `json:"tries"`
	Status  int    `json:"status,omitempty" doc:"HTTP status of the last answer"`
	Trouble string `json:"trouble,omitempty" doc:"why it was not taken"`
	// Answer is the target's answer when it took a hand-off.
	Answer    string          `json:"answer,omitempty" doc:"what the receiver of a hand-off said when it took it"`
	Watermark *time.Time      `json:"watermark,omitempty" doc:"of a hand-off: up to when content is live"`
	CreatedAt time.Time       `json:"created_at"`
	DueAt     *time.Time      `json:"due_at,omitempty" doc:"when it is tried next, once those before it are done"`
	TriedAt   *time.Time      `json:"tried_at,omitempty"`
	Body      json.RawMessage `json:"body,omitempty" doc:"what is sent"`
}

// ReplayedResult says how many notices are sent again.
type ReplayedResult struct {
	Replayed int `json:"replayed"`
}

// NoticeQuery selects notices of a site by target and state; "" for all.
type NoticeQuery struct {
	Target, State string
	Limit         int
}

// Notices lists the notices of a site, newest first, without their bodies.
func (c *Client) Notices(ctx context.Context, site string, q NoticeQuery) ([]Notice, error) {
	var out struct {
		Notices []Notice `json:"notices"`
	}
	query := url.Values{"limit": {strconv.Itoa(q.Limit)}}
	if q.Target != "" {
		query.Set("target", q.Target)
	}
	if q.State != "" {
		query.Set("state", q.State)
	}
	err := c.get(ctx, sitePath(site, "notices"), query, &out)
	return out.Notices, err
}

// Notice reads one notice with its body.
func (c *Client) Notice(ctx context.Context, site, id string) (Notice, error) {
	var out Notice
	return out, c.get(ctx, sitePath(site, "notices", url.PathEscape(id)), nil, &out)
}

// ReplayNotice has a notice sent again.
func (c *Client) ReplayNotice(ctx context.Context, site, id string) (Notice, error) {
	var out Notice
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "notices", url.PathEscape(id), "replay"), answer: &out})
}

// ReplayNotices has all undelivered notices of a target sent again.
func (c *Client) ReplayNotices(ctx context.Context, site, target string) (ReplayedResult, error) {
	var out ReplayedResult
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "targets", url.PathEscape(target), "replay"), answer: &out})
}

// TestTarget sends a target a notice that says that it is a test.
func (c *Client) TestTarget(ctx context.Context, site, target string) (Notice, error) {
	var out Notice
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "targets", url.PathEscape(target), "test"), answer: &out})
}
