package api

import (
	"context"
	"time"
)

// Retention says how much of the history is kept, and what the next pass removes.
type Retention struct {
	Days     int    `json:"days" doc:"how long releases, requests and the audit trail are kept; 0 for ever"`
	Releases int    `json:"releases" doc:"how many releases of a site are kept however old"`
	HookDays int    `json:"hook_days" doc:"how long it is kept what hooks were told; 0 for no limit"`
	Export   string `json:"export" doc:"the app's folder with the files of what was removed"`
	// Sites are all sites with a history, also those that are no longer configured.
	Sites []RetentionOfSite `json:"sites"`
}

// RetentionOfSite says how much of a site's history is kept.
type RetentionOfSite struct {
	Site string `json:"site"`
	// Kept is how many releases there are; Removed says up to which they were removed.
	Kept    int      `json:"kept"`
	Removed *Removed `json:"removed,omitempty"`
	// Next is what the next pass removes; left out for nothing.
	Next *Removal `json:"next,omitempty"`
}

// Removed is how much of a site's history is no longer kept.
type Removed struct {
	Release int64     `json:"release" doc:"all releases up to this one"`
	Before  time.Time `json:"before" doc:"when that one had ended: what is kept is younger"`
	At      time.Time `json:"at" doc:"when it was removed"`
}

// Removal is the part of a site's history that a pass removes; the events of these
// releases and requests are removed too.
type Removal struct {
	Release  int64 `json:"release" doc:"all releases up to this one"`
	Releases int   `json:"releases" doc:"how many releases that are"`
	Requests int64 `json:"requests" doc:"how many requests those served, at most"`
}

// Retention reads how much of the history is kept.
func (c *Client) Retention(ctx context.Context) (Retention, error) {
	var out Retention
	return out, c.get(ctx, "/v1/retention", nil, &out)
}
