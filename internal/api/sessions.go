package api

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Session is a valid sign-in to the pages.
type Session struct {
	ID   string `json:"id"`
	Name string `json:"name" doc:"who signed in, as records call them"`
	Via  string `json:"via" doc:"token, local, oidc or github"`
	// Role is the one that the configuration gives now; "" if it no longer lets them in.
	Role    string    `json:"role,omitempty"`
	Browser string    `json:"browser,omitempty" doc:"what the browser calls itself"`
	Address string    `json:"address,omitempty" doc:"of the connection: a proxy's, if one is before the app"`
	BegunAt time.Time `json:"begun_at"`
	SeenAt  time.Time `json:"seen_at" doc:"last use, to some minutes"`
	EndsAt  time.Time `json:"ends_at" doc:"at the latest"`
	Current bool      `json:"current,omitempty" doc:"whether this call is made with it"`
}

// Sessions lists the caller's own sign-ins, or everybody's.
func (c *Client) Sessions(ctx context.Context, everybody bool) ([]Session, error) {
	var out struct {
		Sessions []Session `json:"sessions"`
	}
	query := url.Values{}
	if everybody {
		query.Set("everybody", "true")
	}
	err := c.get(ctx, "/v1/sessions", query, &out)
	return out.Sessions, err
}

// EndSession ends a sign-in, wherever it is used.
func (c *Client) EndSession(ctx context.Context, id string) (Session, error) {
	var out Session
	return out, c.do(ctx, call{method: http.MethodDelete, path: "/v1/sessions/" + url.PathEscape(id), answer: &out, repeatable: true})
}
