package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The pauses between two tries to reconnect to the stream of events.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// deadStream is how long a stream may be silent. The app says every 15 seconds
// that it is still there.
const deadStream = time.Minute

// EventsRestarted is the kind of an event that is in no audit trail: the app sends it
// when the event after which a stream should resume does not exist any more, since an
// earlier ledger was restored. Its ID is that of the newest event; state that was read
// before may be outdated.
const EventsRestarted = "events.restarted"

// EventInstallation is the kind of an event about a change of the GitHub App's
// installation on a site's repository.
const EventInstallation = "github.installation"

// EventRepository is the kind of an event about a site's repository at GitHub that was
// renamed or transferred, or has its old name again.
const EventRepository = "github.repository"

// FromNow asks Events for what happens from now on only.
const FromNow int64 = -1

// EventList reads the audit trail after an event, oldest first: of one site, or
// of all that the token sees when site is "". At most limit events come (0: as
// many as the app gives at once).
func (c *Client) EventList(ctx context.Context, site string, after int64, limit int) ([]Event, error) {
	query := eventsQuery(site)
	query.Set("after", strconv.FormatInt(after, 10))
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	resp, err := c.stream(ctx, call{method: http.MethodGet, path: "/v1/events", query: query}, http.Header{"Accept": {"application/json"}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var out struct {
		Events []Event `json:"events"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, resp.Body, maxAnswer)).Decode(&out); err != nil {
		return nil, fmt.Errorf("read the app's list of events: %w", err)
	}
	return out.Events, nil
}

func eventsQuery(site string) url.Values {
	query := url.Values{}
	if site != "" {
		query.Set("site", site)
	}
	return query
}

// Events follows the audit trail after an event (0: from the beginning; FromNow) of a site, or of all when
// site is "", and calls fn for each event in order, none twice. After an EventsRestarted it goes on from that
// event's ID. A stream that ends is resumed where it ended, without limit; Events returns when ctx ends, when
// fn returns an error, or with a Problem when the app refuses.
func (c *Client) Events(ctx context.Context, site string, last int64, fn func(Event) error) error {
	pause := firstPause
	for {
		before := last
		err := c.eventsOnce(ctx, site, &last, fn)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !worthAnotherTry(err) {
			return err
		}
		if last != before {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + rand.N(pause/2)): //nolint:gosec // spreads readers out; guards nothing
		}
		pause = min(2*pause, longestPause)
	}
}

// fnError is an error of the caller's own function.
type fnError struct{ err error }

func (e *fnError) Error() string { return e.err.Error() }

func (e *fnError) Unwrap() error { return e.err }

// worthAnotherTry says whether a stream may work the next time. A refused connection
// counts as such: every command makes another call first, which reports an app that is
// not there.
func worthAnotherTry(err error) bool {
	if _, ok := errors.AsType[*fnError](err); ok {
		return false
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests
	}
	return true
}

func (c *Client) eventsOnce(ctx context.Context, site string, last *int64, fn func(Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(deadStream, cancel)
	defer silent.Stop()
	header := http.Header{"Accept": {"text/event-stream"}}
	if *last >= 0 {
		header.Set("Last-Event-ID", strconv.FormatInt(*last, 10))
	}
	resp, err := c.stream(ctx, call{method: http.MethodGet, path: "/v1/events", query: eventsQuery(site)}, header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	messages := newMessageReader(resp.Body)
	messages.heard = func() { silent.Reset(deadStream) }
	for {
		m, err := messages.next()
		if err != nil {
			return err
		}
		e, err := eventOf(m)
		if err != nil {
			return err
		}
		if e.ID <= *last && e.Kind != EventsRestarted {
			continue
		}
		if err := fn(e); err != nil {
			return &fnError{err}
		}
		*last = e.ID
	}
}

func eventOf(m message) (Event, error) {
	var e Event
	if err := json.Unmarshal([]byte(m.data), &e); err != nil {
		return e, fmt.Errorf("read an event of the app: %w", err)
	}
	return e, nil
}
