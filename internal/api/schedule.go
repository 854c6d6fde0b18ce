package api

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// Schedule says when a site's schedules ask for releases.
type Schedule struct {
	Site string `json:"site"`
	// Rules are the site's schedules.
	Rules []ScheduleRule `json:"rules"`
	// Slots are the next ones of all schedules, the soonest first.
	Slots []Slot `json:"slots"`
	// Holidays are the next days on which a schedule rests.
	Holidays []Holiday `json:"holidays"`
}

// ScheduleRule is one schedule of a site.
type ScheduleRule struct {
	Name string `json:"name"`
	// When is the schedule in words, with its windows.
	When     string `json:"when"`
	TimeZone string `json:"time_zone"`
	// OpenUntil is when the open window of a continuous schedule closes; left out while
	// none is open.
	OpenUntil *time.Time `json:"open_until,omitempty"`
}

// Slot is one instant at which a schedule asks for a release. Of a continuous
// schedule it is the start of a window.
type Slot struct {
	At       time.Time `json:"at"`
	Schedule string    `json:"schedule"`
	// Local is At in the schedule's zone, for people.
	Local string `json:"local"`
	// Until is when the window of a continuous schedule closes.
	Until *time.Time `json:"until,omitempty"`
	// Frozen is the freeze that covers the slot: its release waits for the end of the freeze.
	Frozen *Freeze `json:"frozen,omitempty"`
}

// Holiday is a day on which schedules rest.
type Holiday struct {
	Date string `json:"date"`
	Name string `json:"name"`
	// Schedules are the schedules that rest.
	Schedules []string `json:"schedules"`
}

// Schedule reads when a site's schedules ask for releases: at most next of its next slots (0: 20).
func (c *Client) Schedule(ctx context.Context, site string, next int) (Schedule, error) {
	query := url.Values{}
	if next > 0 {
		query.Set("next", strconv.Itoa(next))
	}
	var out Schedule
	return out, c.get(ctx, sitePath(site, "schedule"), query, &out)
}
