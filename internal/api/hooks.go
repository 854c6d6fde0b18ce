package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Hook is a hook of a site.
type Hook struct {
	Name    string `json:"name"`
	Dialect string `json:"dialect"`
	Signed  bool   `json:"signed" doc:"what is not signed by the CMS is refused"`
	// PerMinute is its rate.
	PerMinute int `json:"rate" doc:"calls a minute"`
	// Addresses are the valid addresses: none, one, or more while one is being replaced.
	// The app keeps only hashes of the addresses themselves.
	Addresses []HookAddressInfo `json:"addresses,omitempty"`
}

// HookAddressInfo describes an address of a hook.
type HookAddressInfo struct {
	Since time.Time  `json:"since"`
	By    string     `json:"by" doc:"who made it"`
	Until *time.Time `json:"until,omitempty" doc:"when it ends; left out for one that is good until it is replaced"`
}

// HookAddress is a new address of a hook. It is shown only this once.
type HookAddress struct {
	Site    string `json:"site"`
	Hook    string `json:"hook"`
	Address string `json:"address" doc:"whoever knows it may call the hook: treat it as a password"`
}

// RotateInput says how long the old address stays valid beside the new one.
type RotateInput struct {
	OverlapHours int `json:"overlap_hours,omitempty" minimum:"0" maximum:"2160" doc:"0: it ends at once"`
}

// HookDelivery is an event that a hook received, and what followed from it.
type HookDelivery struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Hook     string    `json:"hook"`
	Event    string    `json:"event,omitempty" doc:"in the CMS's own words"`
	Entity   string    `json:"entity,omitempty"`
	Title    string    `json:"title,omitempty"`
	Actor    string    `json:"actor,omitempty"`
	Decision string    `json:"decision" doc:"release, wait, ignore, again (it came before) or refused"`
	Rule     string    `json:"rule,omitempty"`
	Why      string    `json:"why"`
	Request  string    `json:"request,omitempty" doc:"the request that it became"`
}

// Change is a change of content that waits for the next release.
type Change struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Hook   string    `json:"hook"`
	Entity string    `json:"entity,omitempty"`
	Title  string    `json:"title,omitempty"`
	Link   string    `json:"link,omitempty"`
	Actor  string    `json:"actor,omitempty"`
	Why    string    `json:"why"`
}

// Hooks lists the hooks of a site.
func (c *Client) Hooks(ctx context.Context, site string) ([]Hook, error) {
	var out struct {
		Hooks []Hook `json:"hooks"`
	}
	err := c.get(ctx, sitePath(site, "hooks"), nil, &out)
	return out.Hooks, err
}

// NewHookAddress makes the address of a hook that has none.
func (c *Client) NewHookAddress(ctx context.Context, site, hook string) (HookAddress, error) {
	var out HookAddress
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "hooks", url.PathEscape(hook), "address"), answer: &out})
}

// RotateHookAddress makes another address of a hook.
func (c *Client) RotateHookAddress(ctx context.Context, site, hook string, in RotateInput) (HookAddress, error) {
	var out HookAddress
	return out, c.do(ctx, call{method: http.MethodPost, path: sitePath(site, "hooks", url.PathEscape(hook), "rotate"), body: in, answer: &out})
}

// RevokeHookAddresses ends all addresses of a hook.
func (c *Client) RevokeHookAddresses(ctx context.Context, site, hook string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: sitePath(site, "hooks", url.PathEscape(hook), "address")})
}

// HookDeliveries lists the deliveries of a site's hooks, newest first: of one hook, or of
// all for "".
func (c *Client) HookDeliveries(ctx context.Context, site, hook string, limit int) ([]HookDelivery, error) {
	var out struct {
		Deliveries []HookDelivery `json:"deliveries"`
	}
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if hook != "" {
		query.Set("hook", hook)
	}
	err := c.get(ctx, sitePath(site, "deliveries"), query, &out)
	return out.Deliveries, err
}

// Changes lists the changes that wait for the next release of a site, newest first.
func (c *Client) Changes(ctx context.Context, site string) ([]Change, error) {
	var out struct {
		Changes []Change `json:"changes"`
	}
	err := c.get(ctx, sitePath(site, "changes"), nil, &out)
	return out.Changes, err
}
