package api

import (
	"context"
	"net/url"
	"strconv"
)

// Found is the result of a search at a site, newest first.
type Found struct {
	Site string `json:"site"`
	// TimeZone is that of its editors, in which sentences tell times.
	TimeZone string    `json:"time_zone"`
	Requests []Request `json:"requests"`
	// Changes are changes that wait for the next release.
	Changes []Change `json:"changes"`
	// Release is the number of a release, if the search was for one.
	Release int64 `json:"release,omitempty"`
	// More says that the limit left something out.
	More bool `json:"more,omitempty"`
}

// Find looks for words in the titles, entities, addresses, authors, reasons and ids
// of a site's requests and changes. show narrows it: mine, waiting, today, or "".
func (c *Client) Find(ctx context.Context, site, words, show string, limit int) (Found, error) {
	query := url.Values{"q": {words}}
	if show != "" {
		query.Set("show", show)
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var out Found
	return out, c.get(ctx, sitePath(site, "find"), query, &out)
}
