package release

import (
	"slices"
	"time"
)

// Policy holds an operator's settings for a site. It comes from the configuration and is
// not stored with the site, so that changes apply at once.
type Policy struct {
	// Quiet is how long no request must come before a release is dispatched; MaxWait
	// bounds the wait of the first request.
	Quiet   time.Duration
	MaxWait time.Duration
	// RetryDelays are the waits before successive retries. When they are used up the site is held.
	RetryDelays []time.Duration
	Deadlines   Deadlines
	// Silence is how long a run may say nothing before it is looked up;
	// LookEvery is the least time between two look-ups.
	Silence   time.Duration
	LookEvery time.Duration
	// NoKnowledge is how long nothing may be heard or seen of a run before its release
	// ends as stale.
	NoKnowledge time.Duration
	// Fingerprint says that the content has a fingerprint that can be read.
	Fingerprint bool
	// MaxUnchanged is how old the content of the live release may get before a release is
	// built even with an equal fingerprint: a fingerprint that never changes, such as
	// that of an error page, must not keep a site from being built. 0 for no limit.
	MaxUnchanged time.Duration
	// Freezes are the windows of the configuration in which nothing is
	// dispatched; operators add further ones to the site itself.
	Freezes []Window
	// Share says with which sites the site shares slots.
	Share Share
}

// Share says with which sites a site shares the limits on running releases.
type Share struct {
	// Group is the group of sites that it belongs to; "" for none.
	Group string
	// Runner is the runner that carries its releases out: local or github.
	Runner string
	// Installation is the account on which the GitHub App is installed; "" for none.
	Installation string
	// Preview says that the public does not see the site, so that others go first.
	Preview bool
}

// Deadlines say how long each phase is expected to take. After one the run is looked up,
// and people are told that it is late; it proves no failure.
type Deadlines struct {
	// Dispatch bounds the wait for the runner to confirm that it took the
	// dispatch. A release past it has failed.
	Dispatch   time.Duration
	Dispatched time.Duration
	Starting   time.Duration
	InProgress time.Duration
	// Complete bounds the wait for the run's last report. After it the site goes to Ready
	// by itself: a live release is a success.
	Complete time.Duration
}

// DefaultPolicy is the policy of a site that sets nothing (docs/configuration.md).
func DefaultPolicy() Policy {
	return Policy{
		Quiet:       10 * time.Second,
		MaxWait:     60 * time.Second,
		RetryDelays: []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute},
		Deadlines: Deadlines{
			Dispatch:   10 * time.Minute,
			Dispatched: 30 * time.Minute,
			Starting:   20 * time.Minute,
			InProgress: 90 * time.Minute,
			Complete:   10 * time.Minute,
		},
		// The silent end of a run must be noticed within a minute, even if no webhook
		// arrives (docs/decisions/0004-silence-is-no-proof.md).
		Silence:     45 * time.Second,
		LookEvery:   30 * time.Second,
		NoKnowledge: 40 * time.Minute,

		MaxUnchanged: 24 * time.Hour,
	}
}

// lookEvery is LookEvery, but at least a second, also for an empty policy.
func (p Policy) lookEvery() time.Duration { return max(p.LookEvery, time.Second) }

func (d Deadlines) of(s State) time.Duration {
	switch s {
	case Dispatched:
		return d.Dispatched
	case Starting:
		return d.Starting
	case InProgress:
		return d.InProgress
	case Complete:
		return d.Complete
	case Requested:
		return d.Dispatch
	case Ready:
		return 0
	}
	return 0
}

// Window is a span of time, From inclusive and To exclusive, in which nothing
// is dispatched, and why. By is empty for a window of the configuration.
type Window struct {
	ID   string    `json:"id,omitempty"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Why  string    `json:"why"`
	By   string    `json:"by,omitempty"`
}

func (w Window) holds(at time.Time) bool { return !at.Before(w.From) && at.Before(w.To) }

// thawed returns the first instant from at on that no window covers, and the last window
// before it (zero when there is none).
func thawed(windows []Window, at time.Time) (time.Time, Window) {
	var last Window
	for {
		i := slices.IndexFunc(windows, func(w Window) bool { return w.holds(at) })
		if i < 0 {
			return at, last
		}
		last, at = windows[i], windows[i].To
	}
}
